/* Inside lib/expr: the parser by recursive descent; parse.c has the operators, parse_operand.c
   what stands between them. */
#ifndef STREAM_EXPR_PARSER_H
#define STREAM_EXPR_PARSER_H

#include <stdbool.h>
#include <stddef.h>

#include "expr/lex.h"
#include "expr/node.h"

struct parser {
	struct expr *x;
	struct lexer lexer;
	struct token t;  /* the next one */
	size_t last_end; /* where the one before ended */
	unsigned nesting;
	bool (*is_aggregate)(const char *name, size_t len);
};

/* Nodes on their way to become arguments. */
struct node_list {
	struct node **items;
	uint32_t count, cap;
};

#define PARSE_FAIL(p, at, ...) text_error((p)->x->text, (p)->x->len, at, (p)->lexer.e, __VA_ARGS__)

/* All return OK or ERR_USAGE; what is made goes to *out. */
int parser_advance(struct parser *p);
bool token_is_word(const struct token *t, const char *word);
/* Whether an operand could begin with it. */
bool token_begins_operand(const struct token *t);
void node_list_add(struct parser *p, struct node_list *l, struct node *n);

int parse_expression(struct parser *p, struct node **out);
/* A constant, field, call or group, with the path behind it. */
int parse_operand(struct parser *p, struct node **out);
/* EXPR, EXPR ... up to `close`, which is taken too. */
int parse_list(struct parser *p, enum token_kind close, struct node_list *l);

#endif
