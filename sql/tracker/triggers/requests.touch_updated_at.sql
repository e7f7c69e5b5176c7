create or replace trigger touch_updated_at
before update on tracker.requests
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.requests is 'Keeps updated_at; votes and comments count as a change, so that the nightly check recounts.';
