#ifndef STREAM_SINK_DIR_H
#define STREAM_SINK_DIR_H
#include "sink/sink.h"
int dir_sink_open(const char *url, const struct sink_options *o, struct sink **out, struct error *e);
#endif
