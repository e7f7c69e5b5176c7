create or replace function tracker.contribute(p_request tracker.requests, p_amount numeric, p_is_initial boolean)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  insert into tracker.request_bounties (request_id, user_id, amount, is_initial, debit_transaction_id)
  values (
    p_request.id,
    me,
    p_amount,
    p_is_initial,
    tracker.post_bonus(
      me, -p_amount, 'bounty_escrow', p_request_id => p_request.id, p_description => left(p_request.title, 300)
    )
  );
end
$$;

comment on function tracker.contribute(tracker.requests, numeric, boolean) is
  'Internal. Takes points from the caller and holds them for a request that is locked or new. Refuses tracker.insufficient_points.';

revoke all on function tracker.contribute(tracker.requests, numeric, boolean) from public;
