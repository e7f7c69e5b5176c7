create or replace trigger publish_delete
after delete on moderation.bans
referencing old table as removed
for each statement
execute function moderation.publish_bans();

comment on trigger publish_delete on moderation.bans is 'Keeps core.users.banned_until and core.user_restrictions.';
