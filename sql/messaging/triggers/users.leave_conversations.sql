create or replace trigger leave_conversations
after update of erased_at on core.users
for each row
when (new.erased_at is not null and old.erased_at is null)
execute function messaging.leave_when_erased();

comment on trigger leave_conversations on core.users is 'An erased person leaves their group conversations.';
