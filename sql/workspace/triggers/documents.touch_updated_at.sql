create or replace trigger touch_updated_at
before update on workspace.documents
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on workspace.documents is 'Keeps updated_at.';
