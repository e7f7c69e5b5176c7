-- Why: the path of a comment is what the tree is sorted by; clients read parentId and depth.
-- Locks: none on anything that holds data: comments only. Back: the comments before.

-- Up Migration

comment on column forums.comments.path is E'@behavior -*\nThe identifiers from the top-level comment down to this one: ordering by it walks the tree in reading order.';

-- Down Migration

comment on column forums.comments.path is 'The identifiers from the top-level comment down to this one: ordering by it walks the tree in reading order.';
