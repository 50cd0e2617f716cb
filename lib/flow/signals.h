/*
 * Signals, as the loop wants them: polled. The first SIGINT or SIGTERM asks to end, and the next one ends the
 * process as if it had never been caught. SIGUSR1 asks for the counts. SIGPIPE is ignored: EPIPE says it.
 */
#ifndef STREAM_FLOW_SIGNALS_H
#define STREAM_FLOW_SIGNALS_H

#include <stdbool.h>

void signals_catch(void);
int signals_fd(void);          /* readable after each signal; -1: none could be had */
int signals_interrupted(void); /* the signal that asked; 0: none */
bool signals_asked(void);      /* SIGUSR1 came since the last call; empties signals_fd */

/* In a child, before exec: as a shell would have them. */
void signals_restore(void);

#endif
