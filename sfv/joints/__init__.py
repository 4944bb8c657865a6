"""Which bodies of a skeleton are whose hip, hand or foot: by a table, by names and the tree, or as told."""
