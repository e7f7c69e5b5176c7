create or replace trigger log_row_change
after insert or update or delete on core.achievements
for each row execute function audit.log_row_change();

comment on trigger log_row_change on core.achievements is 'Administrators write this table directly; every change is audited.';
