-- No API role reads or writes this table; procedures do.
revoke all on core.user_metrics from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_metrics to stoa_worker;
