create or replace trigger mark_attached
after insert on groups.message_attachments
referencing new table as added
for each statement
execute function groups.mark_uploads_attached();

comment on trigger mark_attached on groups.message_attachments is 'Keeps uploads.attached_at.';
