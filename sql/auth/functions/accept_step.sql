create or replace function auth.accept_step(p_user_id uuid, p_step bigint)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update auth.two_factor
  set last_used_step = p_step
  where user_id = p_user_id
    and confirmed_at is not null
    and (last_used_step is null or last_used_step < p_step);
  if not found then
    perform core.fail('second_factor.replayed');
  end if;
  perform auth.forget_attempts('second_factor', auth.name_key(p_user_id::text));
end
$$;

comment on function auth.accept_step(uuid, bigint) is
  'Spends the 30-second step of a code that was right, in one update: neither it nor an earlier one is accepted again, however many come at once. Refuses second_factor.replayed.';

revoke all on function auth.accept_step(uuid, bigint) from public;
