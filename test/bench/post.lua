-- SPDX-License-Identifier: ISC
-- post.lua: wrk posts the file named by BENCH_BODY and counts answers that are not 200.
local file = assert(io.open(os.getenv("BENCH_BODY"), "rb"))
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "application/pkcs10"
file:close()
