create or replace trigger mark_attached
after insert on forums.post_attachments
referencing new table as added
for each statement
execute function forums.mark_uploads_attached();

comment on trigger mark_attached on forums.post_attachments is 'Keeps media.uploads.attached_at.';
