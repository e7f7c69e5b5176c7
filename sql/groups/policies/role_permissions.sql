-- A view: the policies of groups.roles hold, because it runs as whoever asks.
revoke all on groups.role_permissions from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on groups.role_permissions to stoa_anonymous, stoa_worker;
