/*
 * The search trees of elfutils 0.192 and later (its lib/eu-search.c): distributions leave them out
 * of the libdw.a that calls them. Linked into the static command alone. Weak: a complete libdw.a
 * has its own.
 */
#include <search.h>
#include <stddef.h>

struct search_tree {
	void *root; /* a lock may follow, which only a build for threads uses */
};

typedef int compare_nodes(const void *, const void *);

#define WEAK __attribute__((weak))

void *eu_tsearch(const void *key, struct search_tree *tree, compare_nodes *compare);
void *eu_tfind(const void *key, struct search_tree *tree, compare_nodes *compare);
void *eu_tdelete(const void *key, struct search_tree *tree, compare_nodes *compare);
void eu_tdestroy(struct search_tree *tree, void (*free_node)(void *));
void eu_search_tree_init(struct search_tree *tree);
void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *));

WEAK void *eu_tsearch(const void *key, struct search_tree *tree, compare_nodes *compare)
{
	return tsearch(key, &tree->root, compare);
}

WEAK void *eu_tfind(const void *key, struct search_tree *tree, compare_nodes *compare)
{
	return tfind(key, &tree->root, compare);
}

WEAK void *eu_tdelete(const void *key, struct search_tree *tree, compare_nodes *compare)
{
	return tdelete(key, &tree->root, compare);
}

WEAK void eu_tdestroy(struct search_tree *tree, void (*free_node)(void *))
{
	tdestroy(tree->root, free_node);
	tree->root = NULL;
}

WEAK void eu_search_tree_init(struct search_tree *tree)
{
	tree->root = NULL;
}

WEAK void eu_search_tree_fini(struct search_tree *tree, void (*free_node)(void *))
{
	eu_tdestroy(tree, free_node);
}
