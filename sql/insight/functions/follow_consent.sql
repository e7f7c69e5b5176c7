create or replace function insight.follow_consent()
returns trigger
language plpgsql
-- Fires for whoever changes their settings; the queue is nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform core.enqueue(
    'insight_forget', json_build_object('userId', new.user_id), 'insight_forget:' || new.user_id
  );
  return null;
end
$$;

comment on function insight.follow_consent() is
  'Trigger. Whoever withdraws their consent (allow_ai_analysis) is analysed no more from this transaction on; what was worked out before is deleted by a job that starts with it.';

revoke all on function insight.follow_consent() from public;
