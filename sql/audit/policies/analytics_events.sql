-- No API role reads or writes this table; procedures do. Administrators get figures from audit.event_counts.
revoke all on audit.analytics_events from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
