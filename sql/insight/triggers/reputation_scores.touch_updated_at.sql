create or replace trigger touch_updated_at
before update on insight.reputation_scores
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on insight.reputation_scores is 'Keeps updated_at.';
