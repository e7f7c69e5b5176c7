create or replace trigger mark_attached
after insert on groups.custom_emojis
referencing new table as added
for each statement
execute function groups.mark_uploads_attached();

comment on trigger mark_attached on groups.custom_emojis is 'Keeps uploads.attached_at.';
