/* Inside lib/expr: what lex.c and lex_text.c share. */
#ifndef STREAM_EXPR_LEX_PRIVATE_H
#define STREAM_EXPR_LEX_PRIVATE_H

#include "expr/lex.h"
#include "expr/node.h"

#define LEX_FAIL(l, at, ...) text_error((l)->text, (l)->len, at, (l)->e, __VA_ARGS__)

static inline bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

/* 0 behind the end. */
static inline char lex_peek(const struct lexer *l, size_t at)
{
	return at < l->len ? l->text[at] : 0;
}

static inline size_t word_end(const struct lexer *l, size_t at)
{
	while (is_letter(lex_peek(l, at)) || is_digit(lex_peek(l, at)))
		at++;
	return at;
}

/* A string from its opening quote at t->begin on. */
int lex_string(struct lexer *l, struct token *t);

#endif
