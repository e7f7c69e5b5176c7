create or replace function governance.update_token(p_token_id uuid, p_patch jsonb)
returns governance.tokens
language plpgsql
volatile
-- Administrators have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  before governance.tokens;
  after governance.tokens;
begin
  perform core.check_patch(
    p_patch,
    array[
      'name', 'description', 'image_url', 'display_scale', 'total_supply', 'circulating_supply', 'balance_weight',
      'stake_weight', 'is_active'
    ]
  );
  select * into before from governance.tokens as candidate where candidate.id = p_token_id for no key update;
  if not found then
    perform core.fail('token.unknown');
  end if;

  after := before;
  after.name := core.patch_text(p_patch, 'name', before.name, 100);
  after.description := core.patch_text(p_patch, 'description', before.description, 10000);
  after.image_url := core.patch_text(p_patch, 'image_url', before.image_url, 2000);
  if after.name is null then
    perform core.fail('input.empty');
  end if;
  if after.image_url !~ '^https?://' then
    perform core.fail('input.malformed');
  end if;
  if p_patch ? 'is_active' then
    if jsonb_typeof(p_patch -> 'is_active') <> 'boolean' then
      perform core.fail('input.malformed');
    end if;
    after.is_active := (p_patch ->> 'is_active')::boolean;
  end if;
  begin
    -- An amount of more than 15 digits comes as a text: a JSON number may have lost its last ones on the way.
    if p_patch ? 'display_scale' then after.display_scale := (p_patch ->> 'display_scale')::smallint; end if;
    if p_patch ? 'total_supply' then after.total_supply := (p_patch ->> 'total_supply')::numeric; end if;
    if p_patch ? 'circulating_supply' then after.circulating_supply := (p_patch ->> 'circulating_supply')::numeric; end if;
    if p_patch ? 'balance_weight' then after.balance_weight := (p_patch ->> 'balance_weight')::numeric; end if;
    if p_patch ? 'stake_weight' then after.stake_weight := (p_patch ->> 'stake_weight')::numeric; end if;
  exception
    when numeric_value_out_of_range or invalid_text_representation then
      perform core.fail('token.figures_invalid');
  end;
  perform governance.check_token(after);

  if (after.balance_weight, after.stake_weight) <> (before.balance_weight, before.stake_weight) then
    if exists (
      select
      from governance.user_tokens as holding
      where holding.token_id = p_token_id
        and governance.power_of(holding.balance, holding.staked_balance, after.balance_weight, after.stake_weight) >= 1e60
    ) then
      perform core.fail('holding.too_large');
    end if;
    perform core.enqueue(
      'governance_recompute_power',
      json_build_object('tokenId', p_token_id),
      'governance_recompute_power:' || p_token_id
    );
  end if;

  update governance.tokens as token
  set name = after.name,
      description = after.description,
      image_url = after.image_url,
      is_active = after.is_active,
      display_scale = after.display_scale,
      total_supply = after.total_supply,
      circulating_supply = after.circulating_supply,
      balance_weight = after.balance_weight,
      stake_weight = after.stake_weight
  where token.id = p_token_id
  returning * into after;
  perform audit.record('token.update', 'governance.tokens', p_token_id, to_jsonb(before), to_jsonb(after));
  return after;
end
$$;

comment on function governance.update_token(uuid, jsonb) is
  'Administrators only: changes a token. The patch may name name, description, image_url, display_scale, total_supply, circulating_supply, balance_weight, stake_weight and is_active (false retires the token: no new proposals). Figures may come as texts, and large ones should. New weights count for every proposal that opens from now on; the displayed powers follow by job. Proposals that are open keep their snapshot. Refuses token.unknown, token.figures_invalid, and weights under which a power would not fit (holding.too_large). Audited.';

revoke all on function governance.update_token(uuid, jsonb) from public;
grant execute on function governance.update_token(uuid, jsonb) to stoa_admin;
