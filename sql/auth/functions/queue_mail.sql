create or replace function auth.queue_mail(p_kind text, p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  perform core.enqueue(
    'send_mail',
    json_build_object('kind', p_kind, 'userId', p_user_id),
    'send_mail:' || p_kind || ':' || p_user_id
  );
end
$$;

comment on function auth.queue_mail(text, uuid) is
  'Queues a mail in the transaction of its cause: it is sent if, and only if, that commits. Neither address nor token is in the queue; the task asks auth.prepare_mail for both.';

revoke all on function auth.queue_mail(text, uuid) from public;
