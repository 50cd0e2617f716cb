/*
 * The grok library. Names and what they stand for are those that people know from other tools; the expressions are
 * our own. Where alternatives overlap, the longer one stands first. Numbers and names are bounded on the left
 * where a piece of a longer one would mislead.
 */
#include "pattern/grok.h"

#define LETTERS_URI "A-Za-z0-9$.+!*'(){},~:;=@#%&_|<>^`\\[\\]-"

const struct grok_definition grok_library[] = {
	/* words and numbers */
	{"USERNAME", "[A-Za-z0-9._-]+"},
	{"USER", "%{USERNAME}"},
	{"INT", "[+-]?\\d+"},
	{"BASE10NUM", "(?<![\\d.+-])(?>[+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+))"},
	{"NUMBER", "%{BASE10NUM}"},
	{"BASE16NUM", "(?<![0-9A-Fa-f])[+-]?(?:0x)?[0-9A-Fa-f]+"},
	{"POSINT", "\\b[1-9]\\d*\\b"},
	{"NONNEGINT", "\\b\\d+\\b"},
	{"WORD", "\\b\\w+\\b"},
	{"NOTSPACE", "\\S+"},
	{"SPACE", "\\s*"},
	{"DATA", ".*?"},
	{"GREEDYDATA", ".*"},
	{"QUOTEDSTRING", "(?:\"(?:[^\"\\\\]|\\\\.)*+\"|'(?:[^'\\\\]|\\\\.)*+'|`(?:[^`\\\\]|\\\\.)*+`)"},
	{"QS", "%{QUOTEDSTRING}"},
	{"UUID", "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"},
	{"URN", "urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:(?:%[0-9A-Fa-f]{2}|[0-9A-Za-z()+,.:=@;$_!*'/?#-])+"},
	{"EMAILLOCALPART", "(?=[^@\\s]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"},
	{"EMAILADDRESS", "%{EMAILLOCALPART}@%{HOSTNAME}"},

	/* addresses */
	{"COMMONMAC", "(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}"},
	{"WINDOWSMAC", "(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}"},
	{"CISCOMAC", "(?:[0-9A-Fa-f]{4}\\.){2}[0-9A-Fa-f]{4}"},
	{"MAC", "(?:%{COMMONMAC}|%{WINDOWSMAC}|%{CISCOMAC})"},
	{"OCTET", "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)"},
	{"IPV4", "(?<!\\d)(?:%{OCTET}\\.){3}%{OCTET}(?!\\d)"},
	/* Eight words; or fewer about one `::`; the last two may be an IPV4. */
	{"IPV6",
	 "(?<![\\w:])(?:(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}:){6}%{IPV4}"
	 "|(?!(?:::)?[0-9A-Fa-f]{1,4}(?::{1,2}[0-9A-Fa-f]{1,4}){7})(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4})*)?::"
	 "(?:(?:[0-9A-Fa-f]{1,4}:)*(?:%{IPV4}|[0-9A-Fa-f]{1,4}))?)(?![\\w:])(?:%\\w+)?"},
	{"IP", "(?:%{IPV6}|%{IPV4})"},
	{"HOSTNAME", "\\b[0-9A-Za-z][0-9A-Za-z_-]{0,62}(?:\\.[0-9A-Za-z][0-9A-Za-z_-]{0,62})*\\.?"},
	{"HOST", "%{HOSTNAME}"},
	{"IPORHOST", "(?:%{IP}|%{HOSTNAME})"},
	{"HOSTPORT", "%{IPORHOST}:%{POSINT}"},

	/* paths and addresses of pages */
	{"UNIXPATH", "(?:/[\\w%!$@:.,+~\\x80-\\xff-]*)+"},
	{"WINPATH", "(?:[A-Za-z]:|\\\\)(?:\\\\[^\\\\?*\"<>|]*)+"},
	{"PATH", "(?:%{UNIXPATH}|%{WINPATH})"},
	{"TTY", "/dev/(?:pts/\\d+|tty\\w*)"},
	{"URIPROTO", "[A-Za-z][A-Za-z0-9+.-]*"},
	{"URIHOST", "%{IPORHOST}(?::%{POSINT})?"},
	{"URIPATH", "(?:/[" LETTERS_URI "]*)+"},
	{"URIPARAM", "\\?[/?" LETTERS_URI "]*"},
	{"URIPATHPARAM", "%{URIPATH}(?:%{URIPARAM})?"},
	{"URI", "%{URIPROTO}://(?:%{USER}(?::[^@/\\s]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?"},

	/* dates and times */
	{"MONTH",
	 "\\b(?:Jan(?:uary|uar)?|Feb(?:ruary|ruar)?|M(?:a|\xc3\xa4)?r(?:ch|z)?|Apr(?:il)?|Ma[yi]|June?|Juni|July?"
	 "|Juli|Aug(?:ust)?|Sep(?:t(?:ember)?)?|O[ck]t(?:ober)?|Nov(?:ember)?|De[cz](?:ember)?)\\b"},
	{"MONTHNUM", "(?:1[0-2]|0?[1-9])"},
	{"MONTHNUM2", "(?:1[0-2]|0[1-9])"},
	{"MONTHDAY", "(?:3[01]|[12]\\d|0?[1-9])"},
	{"DAY", "(?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?)"},
	{"YEAR", "(?>\\d{4}|\\d{2})"},
	{"HOUR", "(?:2[0-3]|[01]?\\d)"},
	{"MINUTE", "[0-5]\\d"},
	{"SECOND", "(?:60|[0-5]?\\d)(?:[:.,]\\d+)?"},
	{"TIME", "(?<!\\d)%{HOUR}:%{MINUTE}:%{SECOND}(?!\\d)"},
	{"DATE_US", "%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR}"},
	{"DATE_EU", "%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR}"},
	{"DATE", "(?:%{DATE_US}|%{DATE_EU})"},
	{"ISO8601_TIMEZONE", "(?:Z|[+-]%{HOUR}(?::?%{MINUTE})?)"},
	{"ISO8601_SECOND", "%{SECOND}"},
	{"TIMESTAMP_ISO8601",
	 "\\b\\d{4}-%{MONTHNUM2}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?"},
	{"DATESTAMP", "%{DATE}[- ]%{TIME}"},
	{"TZ", "(?:[APMCE][SD]T|UTC|GMT)"},
	{"DATESTAMP_RFC822", "%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ}"},
	{"DATESTAMP_RFC2822", "%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE}"},
	{"DATESTAMP_OTHER", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR}"},
	{"DATESTAMP_EVENTLOG", "\\d{4}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND}"},
	{"HTTPDATE", "%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT}"},
	{"HTTPDERROR_DATE", "%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR}"},

	/* syslog */
	{"SYSLOGTIMESTAMP", "%{MONTH} +%{MONTHDAY} %{TIME}"},
	{"PROG", "[\\x21-\\x5a\\x5c\\x5e-\\x7e]+"},
	{"SYSLOGPROG", "%{PROG:program}(?:\\[%{POSINT:pid}\\])?"},
	{"SYSLOGHOST", "%{IPORHOST}"},
	{"SYSLOGFACILITY", "<%{NONNEGINT:facility}\\.%{NONNEGINT:priority}>"},
	{"SYSLOGBASE", "%{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:logsource} %{SYSLOGPROG}:"},
	{"SYSLOGBASE2", "(?:%{SYSLOGTIMESTAMP:timestamp}|%{TIMESTAMP_ISO8601:timestamp8601}) (?:%{SYSLOGFACILITY} )?"
			"(?:%{SYSLOGHOST:logsource}(?![^ ]) ?)?(?:%{SYSLOGPROG}:)?"},
	{"SYSLOGLINE", "%{SYSLOGBASE2} ?%{GREEDYDATA:message}"},
	{"SYSLOG5424PRI", "<%{NONNEGINT:syslog5424_pri}>"},
	{"SYSLOG5424SD", "(?:\\[(?:[^\\]\"\\\\]|\\\\.|\"(?:[^\"\\\\]|\\\\.)*+\")*+\\])+"},
	{"SYSLOG5424PRINTASCII", "[!-~]+"},
	{"SYSLOG5424BASE",
	 "%{SYSLOG5424PRI}%{NONNEGINT:syslog5424_ver} +(?:-|%{TIMESTAMP_ISO8601:syslog5424_ts}) +"
	 "(?:-|%{IPORHOST:syslog5424_host}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_app}) +"
	 "(?:-|%{SYSLOG5424PRINTASCII:syslog5424_proc}) +(?:-|%{SYSLOG5424PRINTASCII:syslog5424_msgid}) +"
	 "(?:-|%{SYSLOG5424SD:syslog5424_sd})?"},
	{"SYSLOG5424LINE", "%{SYSLOG5424BASE} *%{GREEDYDATA:syslog5424_msg}"},
	{"LOGLEVEL",
	 "(?i:\\b(?:trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|severe|alert"
	 "|emerg(?:ency)?)\\b)"},

	/* web servers */
	{"HTTPDUSER", "(?:%{EMAILADDRESS}|%{USER})"},
	{"COMMONAPACHELOG",
	 "%{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \\[%{HTTPDATE:timestamp}\\] "
	 "\"(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})\" "
	 "(?:-|%{NUMBER:response}) (?:-|%{NUMBER:bytes})"},
	{"COMBINEDAPACHELOG", "%{COMMONAPACHELOG} %{QS:referrer} %{QS:agent}"},
};

const size_t grok_library_count = sizeof grok_library / sizeof *grok_library;
