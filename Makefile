# make            build/bin/stream-*, build/lib/libstream.so
# make check      all tests          make SAN=1 ...   with ASan and UBSan, in build/san
# make install    PREFIX, DESTDIR    make B=DIR ...   builds elsewhere
PREFIX ?= /usr/local
ifeq ($(SAN),1)
B ?= build/san
# -O2 takes half as long again to compile, and what the programs do here is start and end.
CFLAGS ?= -O1 -g
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
B ?= build
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-clash-protection -fcf-protection
endif

CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings
ALL_CFLAGS := -std=c17 -D_GNU_SOURCE -Ilib $(WARN) -fstack-protector-strong -ftrivial-auto-var-init=zero \
	$(HARDEN) $(SANITIZE) $(CFLAGS) $(WERROR)
ALL_LDFLAGS := -Wl,-z,relro,-z,now,--as-needed $(SANITIZE) $(LDFLAGS)

# lib/sink and lib/join talk to SQLite: only commands that need them link them.
LIB_SRC := $(filter-out lib/sink/% lib/join/%,$(wildcard lib/*/*.c lib/*/*/*.c))
SINK_SRC := $(wildcard lib/sink/*.c)
JOIN_SRC := $(wildcard lib/join/*.c)
# A command is a file of cmd, or, where it has many verbs, a folder.
CMD := $(patsubst cmd/%.c,%,$(wildcard cmd/*.c)) $(patsubst cmd/%/main.c,%,$(wildcard cmd/*/main.c))
# The others of tests/torture are parts of these.
TORTURE := states kill_at faults storm tail
UNIT := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$B/%.o)
SINK_OBJ := $(SINK_SRC:%.c=$B/%.o)
JOIN_OBJ := $(JOIN_SRC:%.c=$B/%.o)
SO := $B/lib/libstream.so

all: $(CMD:%=$B/bin/%)

$(SO): $(LIB_OBJ)
	@mkdir -p $(@D)
	$(CC) -shared -o $@ $^ $(ALL_LDFLAGS) -lpcre2-8 -lzstd -lm -ldl -lpthread

$B/bin/stream-sink: $(SINK_OBJ)
$B/bin/stream-join: $(JOIN_OBJ)
$B/bin/stream-sink $B/bin/stream-join: LIBS = -lsqlite3

$(foreach c,$(CMD),$(eval $B/bin/$c: $(patsubst %.c,$B/%.o,$(wildcard cmd/$c.c cmd/$c/*.c))))
$B/bin/%: $(SO)
	@mkdir -p $(@D)
	$(CC) -pie -o $@ $(filter %.o,$^) $(ALL_LDFLAGS) -L$B/lib -lstream $(LIBS) -Wl,-rpath,'$$ORIGIN/../lib'

$B/unit/%: $B/tests/unit/%.o $(SO) $(SINK_OBJ) $(JOIN_OBJ)
	@mkdir -p $(@D)
	$(CC) -pie -o $@ $(filter %.o,$^) $(ALL_LDFLAGS) -L$B/lib -lstream -lsqlite3 -lzstd -lm -Wl,-rpath,'$$ORIGIN/../lib'

# These stand on a disk that loses things.
$B/unit/sink_power: $B/tests/torture/disk.o
$B/unit/store_redo: $(addprefix $B/tests/torture/,disk.o actors.o records.o)

# What breaks the store on purpose (scripts/torture).
$B/torture/%: $B/tests/torture/%.o $(addprefix $B/tests/torture/,disk.o actors.o records.o) $(SO)
	@mkdir -p $(@D)
	$(CC) -pie -o $@ $(filter %.o,$^) $(ALL_LDFLAGS) -L$B/lib -lstream -Wl,-rpath,'$$ORIGIN/../lib'

$B/torture/tail: $(addprefix $B/tests/torture/,tail_log.o tail_reader.o tail_ledger.o)

$B/torture/%.so: $B/tests/torture/%.o
	@mkdir -p $(@D)
	$(CC) -shared -o $@ $^ $(LDFLAGS)

# Micro-benchmarks, for profilers: they print figures and test nothing.
$B/micro/%: $B/tests/bench/%.o $(SO)
	@mkdir -p $(@D)
	$(CC) -pie -o $@ $(filter %.o,$^) $(ALL_LDFLAGS) -L$B/lib -lstream -lm -Wl,-rpath,'$$ORIGIN/../lib'

# Fuzz targets want clang's libFuzzer, and the library with its coverage.
FUZZ_FLAGS := -std=c17 -D_GNU_SOURCE -Ilib -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_OBJ := $(LIB_SRC:%.c=$B/fuzz/%.o)
$B/fuzz/%.o: %.c
	@mkdir -p $(@D)
	clang $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$B/fuzz/%: $B/fuzz/tests/fuzz/%.o $(FUZZ_OBJ)
	clang -fsanitize=fuzzer,address,undefined -o $@ $^ -lpcre2-8 -lzstd -lm -ldl -lpthread

$B/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -MMD -MP -c -o $@ $<

unit: $(UNIT:%=$B/unit/%)
torture: $(TORTURE:%=$B/torture/%) $B/torture/no_memory.so
fuzz: $(patsubst tests/fuzz/%.c,$B/fuzz/%,$(wildcard tests/fuzz/*.c))
micro: $(patsubst tests/bench/%.c,$B/micro/%,$(wildcard tests/bench/*.c))

check: ; scripts/check
lint: ; scripts/lint
bench: ; scripts/bench
demo: ; scripts/demo

install: all
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin lib share/man/man1 share/man/man5 share/man/man7)
	install -m 755 $(CMD:%=$B/bin/%) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(SO) $(DESTDIR)$(PREFIX)/lib
	for page in man/*.[157]; do install -m 644 $$page $(DESTDIR)$(PREFIX)/share/man/man$${page##*.}; done

clean:
	rm -rf $B

-include $(shell find $B -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: all unit torture fuzz micro check lint bench demo install clean
