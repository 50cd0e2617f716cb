#include "pattern/pattern.h"

#include "pattern_run.h"

#define HEAD "1.2.3.4 - frank [20/Feb/2016:00:00:45 -0500] "
#define WHO "@2016-02-20T05:00:45Z client='1.2.3.4' ident=null user='frank' time='20/Feb/2016:00:00:45 -0500' "

static void test_access(void)
{
	struct run r;
	run_open(&r, "common");
	run_check(&r, HEAD "\"GET /a HTTP/1.1\" 200 187",
		  WHO "method='GET' path='/a' protocol='HTTP/1.1' status=200 bytes=187");
	run_check(&r, HEAD "\"GET /a HTTP/1.1\" 200 - 0.1230",
		  WHO "method='GET' path='/a' protocol='HTTP/1.1' status=200 bytes=null rt=0.1230");
	run_check(&r, HEAD "\"-\" 400 0", WHO "method=null path=null protocol=null status=400 bytes=0");
	run_check(&r, HEAD "\"\" 400 0", WHO "method=null path='' protocol=null status=400 bytes=0");
	run_check(&r, HEAD "\"GET /a b HTTP/1.1\" 200 1",
		  WHO "method=null path='GET /a b HTTP/1.1' protocol=null status=200 bytes=1");
	run_check(&r, HEAD "\"GET /a\" 200 1", WHO "method=null path='GET /a' protocol=null status=200 bytes=1");
	run_check(&r, HEAD "\"GET  HTTP/1.1\" 200 1",
		  WHO "method=null path='GET  HTTP/1.1' protocol=null status=200 bytes=1");
	run_check(&r, HEAD "\"GET /\\\"x\\\" HTTP/1.1\" - 1",
		  WHO "method='GET' path='/\\\"x\\\"' protocol='HTTP/1.1' status=null bytes=1");
	run_check(&r, HEAD "\"GET /\\\\\" 200 1", WHO "method=null path='GET /\\\\' protocol=null status=200 bytes=1");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1 \r",
		  WHO "method='GET' path='/' protocol='HTTP/1.1' status=200 bytes=1");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1 -",
		  WHO "method='GET' path='/' protocol='HTTP/1.1' status=200 bytes=1 rt=null");
	run_check(&r, "h - John Doe [20/Feb/2016:00:00:45 -0500] \"GET / HTTP/1.1\" 200 1",
		  "@2016-02-20T05:00:45Z client='h' ident=null user='John Doe' time='20/Feb/2016:00:00:45 -0500' "
		  "method='GET' path='/' protocol='HTTP/1.1' status=200 bytes=1");
	run_check(&r, "::1 - - [2016-02-20T05:00:45+00:00] \"GET / HTTP/1.1\" 200 1",
		  "@2016-02-20T05:00:45Z client='::1' ident=null user=null time='2016-02-20T05:00:45+00:00' "
		  "method='GET' path='/' protocol='HTTP/1.1' status=200 bytes=1");
	run_close(&r);
	run_open(&r, "combined");
	run_check(&r, HEAD "\"GET /a HTTP/1.1\" 200 187 \"-\" \"Mozilla/5.0 (x; \\\"y\\\")\"",
		  WHO "method='GET' path='/a' protocol='HTTP/1.1' status=200 bytes=187 referer=null "
		      "agent='Mozilla/5.0 (x; \\\"y\\\")'");
	run_check(&r, HEAD "\"GET /a HTTP/1.1\" 200 187 \"\" \"\" 2e-3",
		  WHO "method='GET' path='/a' protocol='HTTP/1.1' status=200 bytes=187 referer='' agent='' rt=2e-3");
	run_close(&r);
}

static void test_access_malformed(void)
{
	struct run r;
	run_open(&r, "combined");
	run_check(&r, "", "none: too short for a line of an access log");
	run_check(&r, "short", "none: too short for a line of an access log");
	run_check(&r, "onewordthatislongenough", "none: no client at the start");
	run_check(&r, " - - [20/Feb/2016:00:00:45 -0500]", "none: no client at the start");
	run_check(&r, "1.2.3.4 -------------", "none: no ident behind the client");
	run_check(&r, "1.2.3.4 - - 20/Feb/2016:00:00:45 -0500", "none: no [time] behind the user");
	run_check(&r, "1.2.3.4 - - [20/Feb/2016:00:00:45 -0500", "none: no \"request\" behind a [time]");
	run_check(&r, "1.2.3.4 - - [] \"GET / HTTP/1.1\" 200 1", "none: no \"request\" behind a [time]");
	run_check(&r, HEAD "GET / HTTP/1.1 200 1", "none: no \"request\" behind a [time]");
	run_check(&r, HEAD "\"GET / HTTP/1.1 200 1", "none: no status behind the \"request\"");
	run_check(&r, HEAD "\"GET / HTTP/1.1\\\" 200 1", "none: no status behind the \"request\"");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" ok 1", "none: the status is no number");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 x", "none: the bytes are no number");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1234567890123456789", "none: the bytes are no number");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1", "none: no \"referer\" behind the bytes");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1 \"a\"", "none: no \"agent\" behind the referer");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1 \"a\" \"b", "none: no \"agent\" behind the referer");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1 \"a\" \"b\" \"c\"",
		  "none: what follows the last field is no number");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1 \"a\" \"b\"0.1", "none: no blank behind the last field");
	run_check(&r, HEAD "\"GET / HTTP/1.1\" 200 1 \"a\" \"b\" 0.1 0.2",
		  "none: what follows the last field is no number");
	run_check(&r, "1.2.3.4 - - [30/Feb/2016:00:00:45 -0500] \"GET / HTTP/1.1\" 200 1 \"a\" \"b\"",
		  "rejected: the time can't be read");
	run_close(&r);
}

/* Rows with and without rt, and of other patterns, in one batch. */
static void test_one_batch(void)
{
	static const char *const lines[] = {HEAD "\"GET /a HTTP/1.1\" 200 1 \"-\" \"-\"",
					    HEAD "\"GET /b HTTP/1.1\" 200 1 \"-\" \"-\" 0.5", "x=1", "rubbish",
					    HEAD "\"GET /c HTTP/1.1\" 200 1 \"-\" \"-\""};
	struct pattern *access = NULL, *regex = NULL;
	struct batch to;
	struct buf text = BUF_INIT;
	const char *reason;
	CHECK(pattern_new("combined", NULL, &access, NULL) == OK);
	CHECK(pattern_new("^(?<name>\\w+)=(?<value>.*)", NULL, &regex, NULL) == OK);
	batch_init(&to);
	for (int again = 0; again < 2; again++) {
		batch_clear(&to);
		pattern_begin(access, &to);
		pattern_begin(regex, &to);
		for (int i = 0; i < 500; i++) {
			const char *line = lines[i % 5];
			if (pattern_apply(access, line, strlen(line), 0, &reason) == PATTERN_NONE)
				pattern_apply(regex, line, strlen(line), 0, &reason);
		}
		CHECK(to.rows == 400);
	}
	run_row(&to, 399, &text);
	CHECK_TEXT(text.data, text.len,
		   WHO "method='GET' path='/c' protocol='HTTP/1.1' status=200 bytes=1 referer=null agent=null");
	buf_clear(&text);
	run_row(&to, 398, &text);
	CHECK_TEXT(text.data, text.len, "name='x' value='1'");
	buf_clear(&text);
	run_row(&to, 1, &text);
	CHECK(strstr(buf_string(&text), "rt=0.5"));
	buf_release(&text);
	batch_release(&to);
	pattern_free(access);
	pattern_free(regex);
}

/* A batch that can take no more columns says so; an empty one takes the line. */
static void test_full(void)
{
	static const char line[] = HEAD "\"GET /a HTTP/1.1\" 200 1";
	static const char *const patterns[] = {"common", "^(?<x>.*)$"};
	for (int i = 0; i < 2; i++) {
		struct run r;
		run_open(&r, patterns[i]);
		char name[16];
		for (int c = 0; c < BATCH_COLUMNS_MAX; c++)
			CHECK(batch_column(&r.batch, name, (size_t)sprintf(name, "c%d", c)) == c);
		pattern_begin(r.pattern, &r.batch);
		CHECK(pattern_apply(r.pattern, line, sizeof line - 1, 0, &r.reason) == PATTERN_FULL);
		CHECK(pattern_apply(r.pattern, line, sizeof line - 1, 0, &r.reason) == PATTERN_FULL &&
		      r.batch.rows == 0);
		batch_reset(&r.batch);
		pattern_begin(r.pattern, &r.batch);
		CHECK(pattern_apply(r.pattern, line, sizeof line - 1, 0, &r.reason) == PATTERN_MATCHED);
		run_close(&r);
	}
}

static void test_grok(void)
{
	check_line("%{IPORHOST:client} %{WORD:verb} %{NUMBER:rt:float}", "see 10.0.0.1 GET 0.250 x",
		   "client='10.0.0.1' verb='GET' rt=0.250");
	check_line("^%{IPORHOST:client} %{WORD:verb} %{NUMBER:rt:float}$", "10.0.0.1 GET 0.250",
		   "client='10.0.0.1' verb='GET' rt=0.250");
	check_line("%{INT:a:int},%{INT:b:int},%{INT:c}", "+007,-5,007", "a=7 b=-5 c='007'");
	check_line("%{NUMBER:x:float}", ".5", "x=0.5");
	check_line("%{DATA:x:float};", "1.;", "x=1");
	check_line("%{DATA:x:int};", "abc;", "rejected: x `abc` is no int");
	check_line("%{DATA:x:int};", "1.5;", "rejected: x `1.5` is no int");
	check_line("%{DATA:x:int};", "99999999999999999999;", "rejected: x `99999999999999999999` is no int");
	check_line("%{DATA:x:float};", ";", "rejected: x `` is no float");
	check_line("(?:%{INT:a:int}|%{WORD:b})", "x", "b='x'");
	check_line("%{WORD:a} (?<b>\\d+)%{SPACE}(?:%{WORD:a}|$)", "x 12 y", "a='x' b='12'");
	check_line("%{WORD:user-agent.name}", "x", "user-agent.name='x'");
	check_line("\\%{x} %{WORD:a}", "%{x} y", "a='y'");
	check_line("%{HTTPDATE:t}", "at 20/Feb/2016:00:00:45 -0500",
		   "@2016-02-20T05:00:45Z t='20/Feb/2016:00:00:45 -0500'");
	check_line("%{TIMESTAMP_ISO8601:t}", "2016-02-20 00:00:45,5Z",
		   "@2016-02-20T00:00:45.500Z t='2016-02-20 00:00:45,5Z'");
	check_line("%{SYSLOGLINE}", "Jan  9 01:02:03 web su[12]: hello",
		   "@2026-01-09T01:02:03Z timestamp='Jan  9 01:02:03' logsource='web' program='su' pid='12' "
		   "message='hello'");
	check_line(
		"%{COMBINEDAPACHELOG}", HEAD "\"GET /a HTTP/1.1\" 200 187 \"-\" \"x\"",
		"@2016-02-20T05:00:45Z clientip='1.2.3.4' ident='-' auth='frank' timestamp='20/Feb/2016:00:00:45 "
		"-0500' "
		"verb='GET' request='/a' httpversion='1.1' response='200' bytes='187' referrer='\"-\"' agent='\"x\"'");
}

/* Whether the whole text is of that name. */
static bool is(const char *name, const char *text)
{
	char grok[128];
	struct run r;
	snprintf(grok, sizeof grok, "^%%{%s:x}$", name);
	run_open_as(&r, grok, true);
	bool matched = r.pattern && strncmp(run_line(&r, text, strlen(text)), "none:", 5);
	run_close(&r);
	return matched;
}

static void test_library(void)
{
	static const struct {
		const char *name, *good, *bad; /* blank-separated */
	} cases[] = {
		{"IPV4", "1.2.3.4 255.255.255.255 0.0.0.0 10.0.0.1",
		 "256.1.1.1 1.2.3 1.2.3.4.5 1.2.3.1234 1..2.3 1.2.3.4."},
		{"IPV6",
		 ":: ::1 1:: fe80::1 2001:db8::8:800:200c:417a 1:2:3:4:5:6:7:8 ::ffff:1.2.3.4 1:2:3:4:5:6:1.2.3.4 "
		 "fe80::1%eth0 "
		 "1:2:3:4:5:6:7:: ::2:3:4:5:6:7:8",
		 "1:2:3 1:2:3:4:5:6:7:8:9 1::2::3 ::: g::1 12345::1 1:2:3:4:5:6:7:8:: :1 1:"},
		{"MAC", "00:1b:44:11:3A:B7 00-1b-44-11-3A-B7 001b.4411.3ab7", "00:1b:44:11:3A 00:1b:44:11:3A:B7:00 x"},
		{"UUID", "123e4567-e89b-12d3-a456-426614174000",
		 "123e4567-e89b-12d3-a456-42661417400 123e4567e89b12d3a456426614174000"},
		{"HOSTNAME", "a example.org a-b.c xn--a.org", "-a .a"},
		{"HOSTPORT", "a:80 1.2.3.4:8080", "a a: a:0"},
		{"NUMBER", "1 -1 +1.5 .5 1.", "a 1.2.3 -"},
		{"INT", "1 -1 +1", "1.5 a"},
		{"POSINT", "1 10", "0 01 -1"},
		{"NONNEGINT", "0 10", "-1 a"},
		{"WORD", "a a_b 1", "a-b -"},
		{"TIMESTAMP_ISO8601",
		 "2026-11-22T19:37:33Z 2026-11-22T19:37 2026-11-22T19:37:33.123+01:00 2026-11-22T19:37:33+0100",
		 "2026-13-22T19:37:33Z 2026-11-22 26-11-22T19:37:33 2026-11-22T25:00:00"},
		{"TIME", "19:37:33 01:02:03.5 1:02:03", "19:37 25:00:00 19:60:00"},
		{"DATE_US", "12/31/2024 1-2-99", "13/31/2024 12/32/2024"},
		{"DATE_EU", "31.12.2024 31/12/2024", "31.13.2024 32.1.2024"},
		{"HTTPDATE", "", "20/Feb/2016 20/Foo/2016:00:00:45"},
		{"URI", "http://example.org/a?b=c ftp://user:pw@host:21/x https://h", "//x http:/x"},
		{"URIPATHPARAM", "/a/b?c=d /", "a"},
		{"PATH", "/a/b C:\\x \\\\host\\share", "a b"},
		{"QS", "\"a\" 'b' `c` \"a\\\"b\"", "\"a 'b a"},
		{"EMAILADDRESS", "a.b@example.org", "@x a@ a..b@x"},
		{"LOGLEVEL", "INFO warn Error emerg DEBUG", "information1 x"},
		{"MONTH", "Jan January Dec Mai Sept", "Jam Janu"},
		{"TZ", "UTC PST", "XST"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int good = 0; good < 2; good++) {
			char copy[512], *rest = strcpy(copy, good ? cases[i].good : cases[i].bad);
			for (char *word; (word = strsep(&rest, " "));) {
				if (*word && is(cases[i].name, word) != good)
					fprintf(stderr, "%s: `%s` is wrongly %s\n", cases[i].name, word,
						good ? "refused" : "taken");
				CHECK(!*word || is(cases[i].name, word) == good);
			}
		}
	}
	CHECK(is("DATESTAMP_RFC2822", "Mon, 15 Aug 2005 15:52:01 +0000"));
	CHECK(is("DATESTAMP_OTHER", "Mon Aug 15 15:52:01 UTC 2005"));
	CHECK(is("SYSLOGTIMESTAMP", "Jan  9 01:02:03") && !is("SYSLOGTIMESTAMP", "Jan 32 01:02:03"));
	CHECK(is("SYSLOGFACILITY", "<13.6>"));
	CHECK(is("DATESTAMP", "12/31/2024 01:02:03"));
	CHECK(is("GREEDYDATA", "a b") && is("SPACE", "   ") && is("NOTSPACE", "a,b") && is("USER", "a.b-c_d"));
}

static void test_regex(void)
{
	check_line("(?<a>\\d+)(?:-(?<b>\\w+))?", "x 12", "a='12'");
	check_line("(?P<a>\\d+)-(?<b>\\w*)", "12-", "a='12' b=''");
	check_line("(?J)(?:a(?<x>.)|b(?<x>.))", "b1", "x='1'");
	check_line("^(?<a>\\d+)$", "x", "none: does not match");
	/* A text that a bad pattern would think about for ever. */
	struct run r;
	char long_text[2000];
	memset(long_text, 'a', sizeof long_text);
	run_open(&r, "^(?<x>(a+)+)$(?<y>b)?");
	long_text[sizeof long_text - 1] = '!';
	CHECK(!strncmp(run_line(&r, long_text, sizeof long_text), "none: ", 6));
	run_close(&r);
}

static void test_known(void)
{
	check_line("nginx-error",
		   "2024/01/02 03:04:05 [error] 12#34: *56 open() \"/x\" failed (2: No such file), client: 1.2.3.4, "
		   "server: _, "
		   "request: \"GET /x HTTP/1.1\", host: \"h\"",
		   "@2024-01-02T03:04:05Z time='2024/01/02 03:04:05' level='error' pid=12 tid=34 connection=56 "
		   "message='open() \"/x\" failed (2: No such file)' client='1.2.3.4' server='_' request='GET /x "
		   "HTTP/1.1' host='h'");
	check_line("nginx-error", "2024/01/02 03:04:05 [notice] 1#1: start worker processes",
		   "@2024-01-02T03:04:05Z time='2024/01/02 03:04:05' level='notice' pid=1 tid=1 message='start worker "
		   "processes'");
	check_line("apache-error", "[Sun Dec 04 04:47:44 2005] [error] [client 1.2.3.4] File does not exist: /x",
		   "@2005-12-04T04:47:44Z time='Sun Dec 04 04:47:44 2005' level='error' client='1.2.3.4' "
		   "message='File does not exist: /x'");
	check_line("apache-error",
		   "[Fri Sep 09 10:42:29.902022 2011] [core:error] [pid 35708:tid 4328636416] [client 72.15.99.187:80] "
		   "AH00124: x",
		   "@2011-09-09T10:42:29.902022Z time='Fri Sep 09 10:42:29.902022 2011' module='core' level='error' "
		   "pid=35708 "
		   "tid=4328636416 client='72.15.99.187:80' message='AH00124: x'");
	check_line("syslog", "<34>Oct 11 22:14:15 mymachine su: 'su root' failed",
		   "@2025-10-11T22:14:15Z priority=34 time='Oct 11 22:14:15' host='mymachine' program='su' "
		   "message=''su root' failed'");
	check_line(
		"syslog", "Jan  9 01:02:03 web sshd(pam_unix)[12]: ok",
		"@2026-01-09T01:02:03Z time='Jan  9 01:02:03' host='web' program='sshd(pam_unix)' pid=12 message='ok'");
	check_line(
		"syslog", "2024-01-02T03:04:05.123456+01:00 web CRON[7]: (root) CMD",
		"@2024-01-02T02:04:05.123456Z time='2024-01-02T03:04:05.123456+01:00' host='web' program='CRON' pid=7 "
		"message='(root) CMD'");
	check_line("syslog", "Jan  9 01:02:03 web last message repeated 2 times",
		   "@2026-01-09T01:02:03Z time='Jan  9 01:02:03' host='web' message='last message repeated 2 times'");
	check_line("syslog", "Jan  9 01:02:03 su: x",
		   "@2026-01-09T01:02:03Z time='Jan  9 01:02:03' program='su' message='x'");
	check_line("syslog", "Jan 32 01:02:03 web su: x", "rejected: time `Jan 32 01:02:03` is no time");
	check_line("syslog", "no syslog", "none: does not match");
	check_line("rfc5424",
		   "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 [a@1 x=\"y\\\"]\"][b] "
		   "\xef\xbb\xbfit failed",
		   "@2003-10-11T22:14:15.003Z priority=34 version=1 time='2003-10-11T22:14:15.003Z' "
		   "host='mymachine.example.com' app='su' procid=null msgid='ID47' data='[a@1 x=\"y\\\"]\"][b]' "
		   "message='it failed'");
	check_line("rfc5424", "<0>1 - - - - - -",
		   "priority=0 version=1 time=null host=null app=null procid=null msgid=null data=null");
	check_line("dpkg", "2024-01-02 03:04:05 status installed libc6:amd64 2.36-9",
		   "@2024-01-02T03:04:05Z time='2024-01-02 03:04:05' action='status' state='installed' package='libc6' "
		   "arch='amd64' version='2.36-9'");
	check_line("dpkg", "2024-01-02 03:04:05 install jq:amd64 <none> 1.6-2.1",
		   "@2024-01-02T03:04:05Z time='2024-01-02 03:04:05' action='install' package='jq' arch='amd64' "
		   "version='1.6-2.1' "
		   "old=null");
	check_line("dpkg", "2024-01-02 03:04:05 startup archives unpack",
		   "@2024-01-02T03:04:05Z time='2024-01-02 03:04:05' action='startup' detail='archives unpack'");
	check_line("dpkg", "2024-01-02 03:04:05 conffile /etc/a b install",
		   "@2024-01-02T03:04:05Z time='2024-01-02 03:04:05' action='conffile' path='/etc/a b' "
		   "decision='install'");
}

static void test_line_formats(void)
{
	check_line("json", " {\"a\":1,\"b\":[1,2],\"c\":\"x\\ny\"}", "a=1 b=[1,2] c='x\ny'");
	check_line("json", "{}", "");
	check_line("json", "17", "none: no JSON object");
	check_line("json", "", "none: no JSON object");
	check_line("logfmt", "a=1 b=\"x y\"", "a=1 b='x y'");
	check_line("logfmt", "just words", "none: no name=value in it");
	struct run r;
	run_open(&r, "json");
	CHECK(!strncmp(run_line(&r, "{\"a\":", 5), "none: ", 6));
	CHECK(!strncmp(run_line(&r, "{\"a\":1} {}", 10), "none: ", 6));
	CHECK(!strncmp(run_line(&r, "{\"a\":01}", 8), "none: ", 6));
	run_close(&r);
	run_open(&r, "csv");
	run_check(&r, "a,b", "consumed");
	run_check(&r, "1,x", "a=1 b='x'");
	run_check(&r, "0870,\"y,\"", "a='0870' b='y,'");
	CHECK(!strncmp(run_line(&r, "1,\"x", 4), "none: ", 6));
	run_check(&r, "2,z", "a=2 b='z'");
	run_close(&r);
}

static void check_error(const char *pattern, const char *want)
{
	struct pattern *p = NULL;
	struct error e = {0};
	CHECK(pattern_new(pattern, NULL, &p, &e) == ERR_USAGE && !p && e.code == ERR_USAGE);
	CHECK_TEXT(e.text, strlen(want) < strlen(e.text) ? strlen(want) : strlen(e.text), want);
}

static void test_errors(void)
{
	check_error("combind", "there is no pattern combind; is it combined?");
	check_error("IPORHOST", "there is no pattern IPORHOST; is it the grok %{IPORHOST:field}?");
	check_error("zzzz", "there is no pattern zzzz (a name of --list");
	check_error("%{IPORHOTS:x}", "there is no grok pattern IPORHOTS; is it IPORHOST?");
	check_error("%{ZZZZ:x}", "there is no grok pattern ZZZZ (--show NAME shows one)");
	check_error("%{IP:x", "`%{IP:x` has no closing }");
	check_error("%{IP:x:integer}", "there is no type integer in grok: int, float or string");
	check_error("%{IP}", "the pattern names no field");
	check_error("%{IP:x} (", "bad pattern");
	check_error("(?<=x)y", "the pattern names no field");
	check_error("(?<x>", "bad pattern");
}

static void test_show(void)
{
	const char *const *names;
	size_t count = pattern_names(&names);
	struct buf out = BUF_INIT;
	CHECK(count == 10);
	for (size_t i = 0; i < count; i++) {
		struct pattern *p;
		buf_clear(&out);
		CHECK(pattern_show(names[i], &out, NULL) == OK && out.len > 10 && out.data[out.len - 1] == '\n');
		CHECK(pattern_new(names[i], NULL, &p, NULL) == OK);
		pattern_free(p);
	}
	buf_clear(&out);
	CHECK(pattern_show("HOSTPORT", &out, NULL) == OK);
	CHECK_TEXT(out.data, out.len, "%{IPORHOST}:%{POSINT}\n");
	struct error e = {0};
	CHECK(pattern_show("sylog", &out, &e) == ERR_USAGE);
	CHECK_TEXT(e.text, strlen(e.text), "there is no pattern sylog; is it syslog?");
	buf_release(&out);
}

int main(void)
{
	test_access();
	test_access_malformed();
	test_one_batch();
	test_full();
	test_grok();
	test_library();
	test_regex();
	test_known();
	test_line_formats();
	test_errors();
	test_show();
	return test_done();
}
