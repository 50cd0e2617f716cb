#include "format/text.h"

/* In the order of enum format. */
const char format_choices_in[] = "auto frames json csv tsv logfmt lines";
const char format_choices_out[] = "auto frames json csv tsv logfmt lines table";

struct decoder *decoder_new(enum format format, const struct decode_options *options)
{
	switch (format) {
	case FORMAT_JSON: return json_decoder_new(options);
	case FORMAT_CSV: return csv_decoder_new(options, ',');
	case FORMAT_TSV: return csv_decoder_new(options, '\t');
	case FORMAT_LOGFMT: return logfmt_decoder_new(options);
	case FORMAT_LINES: return lines_decoder_new(options);
	default: return NULL;
	}
}

void decoder_free(struct decoder *d)
{
	if (d)
		d->ops->free(d);
}

struct encoder *encoder_new(enum format format, const struct encode_options *options)
{
	switch (format) {
	case FORMAT_JSON: return json_encoder_new(options);
	case FORMAT_CSV: return csv_encoder_new(options, ',');
	case FORMAT_TSV: return csv_encoder_new(options, '\t');
	case FORMAT_LOGFMT: return logfmt_encoder_new(options);
	case FORMAT_LINES: return lines_encoder_new(options);
	case FORMAT_TABLE: return table_encoder_new(options);
	default: return NULL;
	}
}

void encoder_free(struct encoder *x)
{
	if (x)
		x->ops->free(x);
}
