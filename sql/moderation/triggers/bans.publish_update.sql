create or replace trigger publish_update
after update on moderation.bans
referencing old table as removed new table as added
for each statement
execute function moderation.publish_bans();

comment on trigger publish_update on moderation.bans is 'Keeps core.users.banned_until and core.user_restrictions.';
