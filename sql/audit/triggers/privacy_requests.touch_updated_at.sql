create or replace trigger touch_updated_at
before update on audit.privacy_requests
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on audit.privacy_requests is 'Keeps updated_at.';
