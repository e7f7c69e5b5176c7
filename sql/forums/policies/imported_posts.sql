revoke all on forums.imported_posts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
