-- A view: the policies of social.friendships hold, because it runs as whoever asks.
revoke all on social.friends from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on social.friends to stoa_member, stoa_worker;
