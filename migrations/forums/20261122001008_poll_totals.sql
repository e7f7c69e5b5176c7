-- Why: a client wants the votes of a poll in one number; a poll has at most twenty options, so adding them up is
-- bounded. Locks: none. Back: the comment that was there before.

-- Up Migration

comment on table forums.poll_options is
  E'@name poll_option\n@behavior +resource:aggregates\nOne choice of a poll.';

-- Down Migration

comment on table forums.poll_options is
  E'@name poll_option\nOne choice of a poll.';
