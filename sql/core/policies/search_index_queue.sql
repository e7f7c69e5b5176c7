-- No API role reads or writes this table; procedures do. The worker claims and deletes.
revoke all on core.search_index_queue from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, update, delete on core.search_index_queue to stoa_worker;
