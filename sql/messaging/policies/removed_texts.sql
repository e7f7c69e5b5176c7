revoke all on messaging.removed_texts from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
