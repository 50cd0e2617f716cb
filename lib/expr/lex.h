/* Inside lib/expr: tokens. A token is borrowed from the text, or decoded into the arena. */
#ifndef STREAM_EXPR_LEX_H
#define STREAM_EXPR_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "record/value.h"

enum token_kind {
	T_END,
	T_NUMBER,
	T_DURATION, /* a number of seconds */
	T_STRING,
	T_PATTERN,
	T_NAME, /* a field, with its path; a word; the name of a function */
	T_META,
	T_EQ,
	T_NE,
	T_LT,
	T_LE,
	T_GT,
	T_GE,
	T_MATCH,
	T_NO_MATCH,
	T_AND,
	T_OR,
	T_NOT,
	T_DEFAULT,
	T_PLUS,
	T_MINUS,
	T_STAR,
	T_SLASH,
	T_SLASHES,
	T_PERCENT,
	T_OPEN,
	T_CLOSE,
	T_OPEN_LIST,
	T_CLOSE_LIST,
	T_COMMA,
	T_ASSIGN,
};

struct token {
	enum token_kind kind;
	size_t begin, end;  /* in the text */
	struct value value; /* NUMBER, DURATION, STRING; PATTERN: its source */
	char flags[8];      /* PATTERN */
	const char *name;   /* NAME, META: quotes removed, with the path; NUL-terminated */
	size_t name_len;
	size_t root_len; /* without the path */
	bool quoted;
};

struct lexer {
	const char *text;
	size_t len, at;
	struct arena *arena;
	struct error *e;
	bool from_end; /* [-1] may stand in a path */
};

/* The next token. ERR_USAGE where there is none. */
int lex_next(struct lexer *l, struct token *t);
/* Where an operand is wanted a slash begins a pattern: reads it from t->begin on. */
int lex_pattern(struct lexer *l, struct token *t);
/* The end of one `.name`, .`name` or `[1]` at `at`; `at` itself if there is none. */
int lex_path_step(struct lexer *l, size_t at, size_t *end);

#endif
