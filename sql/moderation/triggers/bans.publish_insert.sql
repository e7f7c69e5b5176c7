create or replace trigger publish_insert
after insert on moderation.bans
referencing new table as added
for each statement
execute function moderation.publish_bans();

comment on trigger publish_insert on moderation.bans is 'Keeps core.users.banned_until and core.user_restrictions.';
