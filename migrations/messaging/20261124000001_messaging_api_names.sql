-- Why: the two columns that make the pair of a direct conversation unique are of the inside; clients read otherUser.
-- Locks: none on anything that holds data: comments only. Back: the comments before.

-- Up Migration

comment on constraint conversations_user_low_fkey on messaging.conversations is E'@behavior -*\nAn account that somebody talked to is scrubbed, never removed.';
comment on constraint conversations_user_high_fkey on messaging.conversations is E'@behavior -*\nAn account that somebody talked to is scrubbed, never removed.';
comment on column messaging.conversations.user_low is E'@behavior -*\nDirect: the one of the two with the smaller identifier.';
comment on column messaging.conversations.user_high is E'@behavior -*\nDirect: the one with the larger identifier.';

-- Down Migration

comment on constraint conversations_user_low_fkey on messaging.conversations is E'@fieldName lowUser\n@foreignFieldName conversationsAsLowUser\nAn account that somebody talked to is scrubbed, never removed.';
comment on constraint conversations_user_high_fkey on messaging.conversations is E'@fieldName highUser\n@foreignFieldName conversationsAsHighUser\nAn account that somebody talked to is scrubbed, never removed.';
comment on column messaging.conversations.user_low is 'Direct: the one of the two with the smaller identifier.';
comment on column messaging.conversations.user_high is 'Direct: the one with the larger identifier.';
