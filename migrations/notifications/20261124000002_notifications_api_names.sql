-- Why: devices are not looked up by their token, and the collapse key of a notification is of the inside.
-- Locks: none on anything that holds data: comments only. Back: the comments before.

-- Up Migration

comment on constraint push_tokens_token_key on notifications.push_tokens is E'@behavior -single\nA device moves to whoever registered last (upsert).';
comment on column notifications.notifications.group_key is E'@behavior -*\nCollapse key: events with the same one become one entry.';

-- Down Migration

comment on constraint push_tokens_token_key on notifications.push_tokens is null;
comment on column notifications.notifications.group_key is 'Collapse key: events with the same one become one entry.';
