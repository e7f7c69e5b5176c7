create or replace view groups.role_permissions
with (security_invoker = true)
as
select role.id as role_id, role.group_id, known.bit, known.key
from groups.roles as role
join groups.permission_bits as known on role.permissions & (1::bigint << known.bit) <> 0;

comment on view groups.role_permissions is
  E'@name role_permission\n@primaryKey role_id,bit\n@foreignKey (role_id) references groups.roles (id)\n@foreignKey (bit) references groups.permission_bits (bit)\nThe permissions that a role grants, one row a bit. The policies of groups.roles hold. Ask with a role_id.';
comment on column groups.role_permissions.role_id is 'The role.';
comment on column groups.role_permissions.group_id is 'Its group.';
comment on column groups.role_permissions.bit is 'Number of the bit.';
comment on column groups.role_permissions.key is 'Its symbolic name.';
