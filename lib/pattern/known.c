/* The named patterns that are regexes. pattern.h says what their fields are. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pattern/captures.h"

static const char *const rfc3339[] = {"", NULL};
static const char *const nginx[] = {"%Y/%m/%d %H:%M:%S", NULL};
static const char *const apache[] = {"%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S.%f %Y", NULL};
static const char *const syslog_times[] = {"%b %e %H:%M:%S", "", "%b %e %H:%M:%S.%f", "%b %e %Y %H:%M:%S", NULL};

#define RFC3339 "\\d{4}-\\d\\d-\\d\\d[Tt ]\\d\\d:\\d\\d:\\d\\d(?:[.,]\\d+)?(?:[Zz]|[+-]\\d\\d:?\\d\\d)?"
#define STAMP "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d"
#define PACKAGE "(?<package>[^ :]+)(?::(?<arch>[^ ]+))?"

static const struct known table[] = {
	{
		.name = "nginx-error",
		.regex = "^(?<time>\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d) \\[(?<level>\\w+)\\] "
			 "(?<pid>\\d+)#(?<tid>\\d+): "
			 "(?:\\*(?<connection>\\d+) )?(?<message>.*?)(?:, client: (?<client>[^, ]+))?"
			 "(?:, server: (?<server>[^ ]*))?(?:, request: \"(?<request>.*?)\")?"
			 "(?:, subrequest: \"(?<subrequest>.*?)\")?(?:, upstream: \"(?<upstream>[^\"]*)\")?"
			 "(?:, host: \"(?<host>[^\"]*)\")?(?:, referrer: \"(?<referrer>.*?)\")?\\s*$",
		.ints = "pid tid connection",
		.formats = nginx,
	},
	{
		.name = "apache-error",
		.regex = "^\\[(?<time>\\w{3} \\w{3} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)? \\d{4})\\] "
			 "\\[(?:(?<module>[^\\s:\\]]*):)?(?<level>\\w+)\\](?: \\[pid (?<pid>\\d+)(?::tid "
			 "(?<tid>\\d+))?\\])?"
			 "(?: \\[client (?<client>[^\\]\\s]+)\\])? ?(?<message>.*)$",
		.ints = "pid tid",
		.formats = apache,
	},
	{
		.name = "syslog",
		.regex = "^(?:<(?<priority>\\d{1,3})>)?"
			 "(?<time>[A-Z][a-z]{2} [ \\d]?\\d (?:\\d{4} )?\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?|" RFC3339 ") "
			 "(?:(?<host>[^\\s\\[]*[^\\s:\\[]) )?"
			 /* `su`, `postfix/smtpd`, `a::b`; and `syslogd 1.4.1`, ` -- root` of old systems. */
			 "(?: ?(?<program>(?:-- )?[^\\s\\[\\]:]+(?::+[^\\s\\[\\]:]+)*(?: \\d[^\\s\\[\\]:]*)?)"
			 "(?:\\[(?<pid>\\d+)\\])?:(?: |$))?(?<message>.*)$",
		.ints = "priority pid",
		.formats = syslog_times,
	},
	{
		.name = "rfc5424",
		.regex = "^<(?<priority>\\d{1,3})>(?<version>[1-9]\\d{0,2}) (?<time>-|" RFC3339
			 ") (?<host>[!-~]+) (?<app>[!-~]+) "
			 "(?<procid>[!-~]+) (?<msgid>[!-~]+) "
			 "(?<data>-|(?:\\[[^\\s\\]=\"]+(?: [^\\s\\]=\"]+=\"(?:[^\"\\\\]|\\\\.)*+\")*\\])+)"
			 "(?: (?:\xef\xbb\xbf)?(?<message>.*))?$",
		.ints = "priority version",
		.nothing = "-",
		.formats = rfc3339,
	},
	{
		.name = "dpkg",
		.regex = "(?J)^(?<time>" STAMP ") (?:(?<action>status) (?<state>[^ ]+) " PACKAGE " (?<version>[^ ]+)"
			 "|(?<action>install|upgrade) " PACKAGE " (?<old>[^ ]+) (?<version>[^ ]+)"
			 "|(?<action>configure|trigproc|remove|purge|disappear) " PACKAGE
			 " (?<old>[^ ]+) (?<version>[^ ]+)"
			 "|(?<action>conffile) (?<path>.+) (?<decision>install|keep)"
			 "|(?<action>startup) (?<detail>.+))\\s*$",
		.nothing = "<none>",
		.formats = rfc3339,
	},
};

const struct known *known_find(const char *name)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (!strcmp(table[i].name, name))
			return &table[i];
	return NULL;
}

int known_new(const struct known *k, struct pattern **out, struct error *e)
{
	struct capture captures[8] = {{.group = "time", .field = "time", .formats = k->formats}};
	size_t count = 1;
	char *ints = mem_copy(k->ints ? k->ints : "", k->ints ? strlen(k->ints) : 0), *rest = ints;
	for (char *name; (name = strsep(&rest, " "));)
		if (*name)
			captures[count++] = (struct capture){.group = name, .field = name, .type = CAPTURE_INT};
	int code = captures_new(k->regex, captures, count, k->nothing, out, e);
	free(ints);
	return code;
}
