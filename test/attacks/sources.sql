-- Views of tables that the role may not read, and changes of tables that guards read.

-- case: deals_on_credit, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_on_credit

-- case: consents_known, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM consents_known

-- case: tenants_by_text, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM tenants_by_text

-- case: ranks_other, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM ranks_other

-- case: deals_after_window, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_window

-- case: deals_after_limit, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_limit

-- case: deals_after_rank, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_rank

-- case: deals_after_left, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_left

-- case: deals_after_group, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_group

-- case: deals_after_window2, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_window2

-- case: deals_after_distinct, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_distinct

-- case: DROP and CREATE of a table that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
DROP TABLE blocked CASCADE;
CREATE TABLE blocked (member_id int PRIMARY KEY, reason_id int, note text);
SELECT name FROM members WHERE id = 1

-- case: a table renamed that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE blocked RENAME TO blocked_once;
CREATE TABLE blocked (member_id int PRIMARY KEY, reason_id int, note text);
SELECT name FROM members WHERE id = 1

-- case: row security on a table that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE blocked ENABLE ROW LEVEL SECURITY;
SET ROLE shop_app;
SELECT name FROM members WHERE id = 1

-- case: a trigger on a table that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE FUNCTION unblock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.member_id := 99; RETURN NEW; END $$;
CREATE TRIGGER unblock BEFORE UPDATE ON blocked FOR EACH ROW EXECUTE FUNCTION unblock();
UPDATE blocked SET note = 'x' WHERE member_id = 1;
SELECT name FROM members WHERE id = 1

-- case: INHERIT of a table whose rows a guard must not find
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE TABLE pardoned_too (member_id int);
INSERT INTO pardoned_too VALUES (1);
ALTER TABLE pardoned_too INHERIT pardoned;
SELECT name FROM members WHERE id = 1

-- case: a child of a table whose rows a guard must not find
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE TABLE pardoned_too () INHERITS (pardoned);
INSERT INTO pardoned_too VALUES (1);
SELECT name FROM members WHERE id = 1

-- case: a column dropped and made anew that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE blocked DROP COLUMN member_id CASCADE;
ALTER TABLE blocked ADD COLUMN member_id int;
SELECT name FROM members WHERE id = 1

-- case: DROP and CREATE of a table that a guard reads, in DO
-- expect: refused 42501
-- role: postgres
-- rollback
DO $$ BEGIN DROP TABLE blocked CASCADE; CREATE TABLE blocked (member_id int PRIMARY KEY, reason_id int, note text); END $$;
SELECT name FROM members WHERE id = 1

-- case: a swapped table by SET SCHEMA
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE TABLE other.blocked (member_id int PRIMARY KEY, reason_id int, note text);
ALTER TABLE blocked SET SCHEMA plain;
ALTER TABLE other.blocked SET SCHEMA public;
SELECT name FROM members WHERE id = 1

-- case: DETACH of a partition whose rows a guard looks for
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE ledger.moves DETACH PARTITION ledger.moves_2020;
SELECT name FROM lodgers WHERE id = 1

-- case: ATTACH of a partition whose rows a guard must not find
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE ledger.waivers ATTACH PARTITION ledger.waivers_2021 FOR VALUES IN (2021);
SELECT name FROM lodgers WHERE id = 1

-- case: a new partition for rows that a guard must not find
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE TABLE ledger.waivers_2022 PARTITION OF ledger.waivers FOR VALUES IN (2022);
INSERT INTO ledger.waivers_2022 VALUES (1, 2022);
SELECT name FROM lodgers WHERE id = 1

-- case: DROP of a partition whose rows a guard looks for
-- expect: refused 42501
-- role: postgres
-- rollback
DROP TABLE ledger.moves_2020;
SELECT name FROM lodgers WHERE id = 1

-- case: DROP SCHEMA of what a guard looks into, and all made anew
-- expect: refused 42501
-- role: postgres
-- rollback
DROP SCHEMA ledger CASCADE;
CREATE SCHEMA ledger;
CREATE TABLE ledger.moves (lodger_id int, year int);
CREATE TABLE ledger.waivers (lodger_id int, year int);
SELECT name FROM lodgers WHERE id = 1

-- case: DROP SCHEMA of it behind another schema
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE SCHEMA spare;
DROP SCHEMA spare, ledger CASCADE;
CREATE SCHEMA ledger;
CREATE TABLE ledger.moves (lodger_id int, year int);
CREATE TABLE ledger.waivers (lodger_id int, year int);
SELECT name FROM lodgers WHERE id = 1

-- case: its schema renamed, and another in its place
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER SCHEMA ledger RENAME TO ledger_of_old;
CREATE SCHEMA ledger;
CREATE TABLE ledger.moves (lodger_id int, year int);
CREATE TABLE ledger.waivers (lodger_id int, year int);
SELECT name FROM lodgers WHERE id = 1

-- case: the partitioned table put into another schema, and an empty one in its place
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE ledger.moves SET SCHEMA plain;
CREATE TABLE ledger.moves (lodger_id int, year int);
SELECT name FROM lodgers WHERE id = 1

-- case: DROP OWNED of all that a role owns, and made anew
-- expect: refused 42501
-- role: postgres
-- rollback
DROP OWNED BY ledger_owner;
CREATE TABLE ledger.moves (lodger_id int, year int);
SELECT name FROM lodgers WHERE id = 1

-- case: DROP OWNED of the current role
-- expect: refused 42501
-- role: postgres
-- rollback
SET LOCAL ROLE ledger_owner;
DROP OWNED BY CURRENT_ROLE;
RESET ROLE;
CREATE TABLE ledger.moves (lodger_id int, year int);
SELECT name FROM lodgers WHERE id = 1

-- case: DROP OWNED of the owner of a schema, with what others have in it
-- expect: refused 42501
-- role: postgres
-- rollback
DROP OWNED BY ledger_keeper CASCADE;
CREATE SCHEMA ledger;
CREATE TABLE ledger.moves (lodger_id int, year int);
CREATE TABLE ledger.waivers (lodger_id int, year int);
SELECT name FROM lodgers WHERE id = 1

-- case: a trigger that was there before, on what a guard looks into
-- expect: refused 42501
-- rollback
UPDATE ledger.moves SET note = 'x' WHERE lodger_id = 1;
SELECT name FROM lodgers WHERE id = 1

-- case: the same trigger, on a partition
-- expect: refused 42501
-- rollback
UPDATE ledger.moves_2020 SET note = 'x' WHERE lodger_id = 1;
SELECT name FROM lodgers WHERE id = 1
