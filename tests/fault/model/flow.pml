/*
 * The flow protocol: one source, two stateful stages and a sink in a pipe, run RUNS times over the same RECORDS.
 *
 * A run may begin at any moment, whatever became of the one before it: its processes may have died, all or some, or
 * may be stopped and wake up later, for a process that is never scheduled again is a dead one, and one that is
 * scheduled late is a zombie. So every crash of any process at any step, every takeover and every overlap of two runs
 * is among the interleavings. At a power cut all processes die and storage falls back to what was synced.
 *
 * Stage 1 numbers the records (its state: how many it saw). Stage 2 counts them in a window that only a watermark
 * closes. The sink's storage must hold record i as the i-th, with i as its number, and in the end the window's total.
 *
 *   -DFENCE_IN_RECEIPT   the epoch is checked when the receipt is written, not in the commit
 *   -DNAMED_BY_N         snapshots are named by n alone
 *   -DOUTSTANDING        a barrier does not wait for the receipt of the one before it
 *   -DONE_END            END closes windows, whether final or not
 *   -DUNSYNCED           a stage passes the barrier on before its snapshot is durable
 *
 *   -DONE_STAGE          no window: a smaller model, for more runs
 *   -DREACHED            not an error of the protocol: asserts that no run ever comes to its end
 *
 * Each of the first five, and the last, must fail; without them nothing may.
 */
#ifndef RUNS
#define RUNS 2
#endif
#ifndef RECORDS
#define RECORDS 3
#endif
#ifndef CUTS
#define CUTS 1
#endif
#ifndef BARRIERS
#define BARRIERS 4 /* checkpoints at most, the last ones of bounded runs included */
#endif

#ifdef ONE_STAGE
#define TOTALS 0
#else
#define TOTALS 1
#endif

#define SOURCE 0
#define NUMBERS 1
#define WINDOW 2
#define SINK 3

#define NAMES ((BARRIERS + 1) * (RUNS + 1))
#ifdef NAMED_BY_N
#define NAME(n, epoch) ((n) * (RUNS + 1))
#else
#define NAME(n, epoch) ((n) * (RUNS + 1) + (epoch))
#endif

mtype = { HELLO, RESTORE, RECORD, MARK, TOTAL, BARRIER, MORE, FINAL };

/* HELLO epoch; RESTORE n, epoch of n; RECORD its place in the log, its number; TOTAL count; BARRIER n. */
chan pipes[RUNS * 3] = [1] of { mtype, byte, byte };

/* What the source and each stage have on disk: 0 is nothing, else a state and 1. */
typedef snapshots { byte state[NAMES] }
snapshots seen[3], synced[3];

byte epoch_seen, epoch_synced; /* the slot's */

/* The sink's storage: a transaction is one atomic and durable step of its own database. */
byte sink_epoch, sink_n, sink_n_epoch;
byte sink_records; /* records 1 to this one are in it */
byte sink_totals;  /* how many totals */

byte receipt_n[RUNS + 1], receipt_n_epoch[RUNS + 1];
bool receipt[RUNS + 1];

byte cuts; /* of the power: the processes of before are gone */

/* A step that touches storage; a process from before a cut comes no further. (Its pipes are its run's own: what it
   still does there is seen by nobody.) */
#if CUTS
#define STEP(condition) born == cuts && (condition) ->
#else
#define STEP(condition) (condition) ->
#endif

/* Snapshots below n are needed no more. */
inline forget(who, n)
{
	d_step {
		i = 0;
		do
		:: i < NAMES && i < (n) * (RUNS + 1) -> seen[who].state[i] = 0; synced[who].state[i] = 0; i++
		:: else -> break
		od;
		i = 0
	}
}

/* Written aside, synced, renamed: one step for whoever looks, two for the power. */
inline save(who, n, epoch, value)
{
	atomic {
		STEP(true) seen[who].state[NAME(n, epoch)] = (value) + 1;
#if !CUTS
		synced[who].state[NAME(n, epoch)] = (value) + 1
#endif
	}
#if CUTS && !defined(UNSYNCED)
	atomic { STEP(true) synced[who].state[NAME(n, epoch)] = seen[who].state[NAME(n, epoch)] }
#endif
}

inline load(who, n, epoch, value)
{
	if
	:: n == 0 -> value = 0
	:: else ->
		assert(seen[who].state[NAME(n, epoch)] != 0);
		value = seen[who].state[NAME(n, epoch)] - 1
	fi
}

proctype source(chan out; byte born)
{
	byte epoch, n, line, at, i;
	bool last, drained;
	xs out;

	/* The epoch is raised durably before anybody hears of it. */
	atomic { STEP(true) epoch_seen++; epoch = epoch_seen }
	atomic { STEP(true) epoch_synced = epoch_seen }
	out!HELLO(epoch, 0)
	atomic {
		STEP(receipt[epoch]) n = receipt_n[epoch];
		line = receipt_n_epoch[epoch];
		load(SOURCE, n, line, at)
	}
	out!RESTORE(n, line)
	line = 0;
	do
	:: last -> break
	:: !last && at < RECORDS -> at++; out!RECORD(at, 0)
	:: !last && n < BARRIERS - 1 ->
		/* A barrier in the midst, the last one of a bounded run, or a drain. */
		if
		:: n < BARRIERS - 2
		:: n < BARRIERS - 1 -> last = true
		:: at == RECORDS -> last = true; drained = true; out!MARK(0, 0)
		fi;
#ifndef OUTSTANDING
		atomic { STEP(receipt_n[epoch] == n) skip };
#endif
		n++;
		save(SOURCE, n, epoch, at);
		out!BARRIER(n, 0)
		atomic { STEP(true) forget(SOURCE, n - 1) }
	od;
	out!MORE(0, 0)
	atomic {
		STEP(drained && receipt_n[epoch] == n) assert(sink_records == RECORDS && sink_totals == TOTALS);
#ifdef REACHED
		assert(false)
#endif
	}
}

/* A window without a record says nothing. */
inline total()
{
	if
	:: state -> out!TOTAL(state, 0); state = 0
	:: else
	fi
}

inline close_window()
{
#ifdef ONE_END
	skip
#else
	total()
#endif
}

inline end_window()
{
#ifdef ONE_END
	total()
#else
	skip
#endif
}

proctype stage(byte who; chan in, out; byte born)
{
	byte epoch, state, a, b, i;
	xr in;
	xs out;

	do
	:: in?HELLO(epoch, 0) -> out!HELLO(epoch, 0)
	:: in?RESTORE(a, b) -> atomic { STEP(true) load(who, a, b, state) }; out!RESTORE(a, b); a = 0; b = 0
	:: in?RECORD(a, b) -> state++; out!RECORD(a, (who == NUMBERS -> state : b)); a = 0; b = 0
	:: in?MARK(0, 0) ->
		if
		:: who == NUMBERS -> out!MARK(0, 0)
		:: else -> close_window()
		fi
	:: in?BARRIER(a, 0) ->
		save(who, a, epoch, state);
		out!BARRIER(a, 0);
		atomic { STEP(true) forget(who, a - 1) };
		a = 0
	:: in?MORE(0, 0) ->
		if
		:: who == NUMBERS
		:: else -> end_window()
		fi;
		out!MORE(0, 0);
		break
	od
}

/* The sink's first transaction of a run. */
inline take()
{
	atomic {
		STEP(true)
		if
#ifndef FENCE_IN_RECEIPT
		:: sink_epoch > epoch -> break
#endif
		:: else ->
			sink_epoch = epoch;
			n = sink_n;
			line = sink_n_epoch
		fi
	};
	answer()
}

inline answer()
{
	atomic {
		STEP(true)
		if
#ifdef FENCE_IN_RECEIPT
		:: sink_epoch > epoch -> break
#endif
		:: else -> receipt_n[epoch] = n; receipt_n_epoch[epoch] = line; receipt[epoch] = true
		fi
	}
}

/* What came since the last barrier, the number of this one and whose it is: all or nothing, and only for the epoch
   that the storage knows. */
inline commit()
{
	atomic {
		STEP(true)
		if
#ifndef FENCE_IN_RECEIPT
		:: sink_epoch > epoch -> break
#endif
		:: else ->
			assert(count == 0 || first == sink_records + 1);
			assert(!closed || sink_totals == 0);
			sink_records = sink_records + count;
			sink_totals = sink_totals + closed;
			sink_n = a;
			sink_n_epoch = epoch;
			n = a;
			line = epoch;
			count = 0;
			first = 0;
			closed = false
		fi
	};
	answer()
}

proctype sink(chan in; byte born)
{
	byte epoch, a, b, n, line;
	byte first, count; /* the records since the last barrier */
	bool closed; /* the window's total came */
	xr in;

	do
	:: in?HELLO(epoch, 0) -> take()
	:: in?RESTORE(_, _)
	:: in?MARK(0, 0)
	:: atomic { in?RECORD(a, b) ->
			assert(a == b); /* the number that the first stage gave it is its place */
			first = (count == 0 -> a : first);
			assert(a == first + count);
			count++;
			a = 0;
			b = 0
		}
	:: atomic { in?TOTAL(a, 0) -> assert(a == RECORDS && !closed); closed = true; a = 0 }
	:: in?BARRIER(a, 0) -> commit(); a = 0
	:: in?MORE(0, 0) -> break
	od
}

#ifdef ONE_STAGE
#define START(r)                                                                 \
	atomic {                                                                 \
		run source(pipes[(r) * 3], cuts);                                \
		run stage(NUMBERS, pipes[(r) * 3], pipes[(r) * 3 + 2], cuts);    \
		run sink(pipes[(r) * 3 + 2], cuts)                               \
	}
#else
#define START(r)                                                                 \
	atomic {                                                                 \
		run source(pipes[(r) * 3], cuts);                                \
		run stage(NUMBERS, pipes[(r) * 3], pipes[(r) * 3 + 1], cuts);    \
		run stage(WINDOW, pipes[(r) * 3 + 1], pipes[(r) * 3 + 2], cuts); \
		run sink(pipes[(r) * 3 + 2], cuts)                               \
	}
#endif

init
{
	byte r, i, who;

	do
	:: r < RUNS -> START(r); r++
	:: atomic { cuts < CUTS && r > 0 ->
			cuts++;
			epoch_seen = epoch_synced;
			for (who : 0 .. 2) {
				for (i : 0 .. NAMES - 1) {
					seen[who].state[i] = synced[who].state[i]
				}
			}
			who = 0;
			i = 0
		}
	:: r == RUNS -> break
	od
}
