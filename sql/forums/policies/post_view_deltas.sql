revoke all on forums.post_view_deltas from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
