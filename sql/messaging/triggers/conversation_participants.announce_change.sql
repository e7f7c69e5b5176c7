create or replace trigger announce_change
after update of left_at on messaging.conversation_participants
for each row
when (old.left_at is distinct from new.left_at)
execute function core.announce_row('access', 'user_id');

comment on trigger announce_change on messaging.conversation_participants is 'Who left listens no longer, who came back does again. For each row, because the marker of the sender is moved here with each message.';
