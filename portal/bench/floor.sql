-- The least that one checkout must write: an order with two lines and a payment, two pieces of stock, one balance, and
-- an entry with four postings in the books. pgbench runs it; the placeholders are the sizes of the scratch tables.
\set a random(1, :goods)
\set b random(1, :goods)
\set first least(:a, :b)
\set second greatest(:a, :b)
\set person random(1, :people)
BEGIN;
UPDATE bench_floor.balance SET minor = minor - 1500 WHERE id = :person;
INSERT INTO bench_floor.orders (person, total_minor) VALUES (:person, 41000) RETURNING id AS order_id \gset
INSERT INTO bench_floor.line (order_id, goods, quantity, amount_minor) VALUES (:order_id, :a, 1, 20000), (:order_id, :b, 1, 21000);
INSERT INTO bench_floor.payment (order_id, amount_minor) VALUES (:order_id, 39500);
INSERT INTO bench_floor.entry (order_id) VALUES (:order_id) RETURNING id AS entry_id \gset
INSERT INTO bench_floor.posting (entry_id, account, minor) VALUES (:entry_id, 1, -1500), (:entry_id, 2, -39500), (:entry_id, 3, 20000), (:entry_id, 4, 21000);
UPDATE bench_floor.stock SET on_hand = on_hand - 1 WHERE id = :first;
UPDATE bench_floor.stock SET on_hand = on_hand - 1 WHERE id = :second;
COMMIT;
