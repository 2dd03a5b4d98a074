"""What each Grafana dashboard shows: rows of panels, each a question in PromQL."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Panel:
    """One figure or curve; ``legend`` names the label that tells the curves apart."""

    title: str
    query: str
    legend: str = ""
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8


@dataclass(frozen=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    rows: dict[str, tuple[Panel, ...]] = field(default_factory=dict)


def _now(title: str, query: str, unit: str = "short", width: int = 4) -> Panel:
    return Panel(title, query, "", unit, "stat", width)


def _parts(title: str, query: str, legend: str, unit: str = "short") -> Panel:
    return Panel(title, query, legend, unit, "bargauge")


YUAN = "currencyCNY"
RATE = "sum by (service) (rate({}[5m]))"

MARKET = Board("yaosu-market", "市场总览 The market by its six centres and one base", {
    "公共数据运营中心 Public data operation: catalog": (
        _now("数据产品 Products published", 'max(yaosu_products{state="PUBLISHED"})'),
        _now("公共数据授权 Authorisations in force", 'max(yaosu_authorisations{state="GRANTED"})'),
        _parts("版本 Versions by state", "max by (state) (yaosu_versions)", "state"),
        _now("存储量 Bytes stored", "max(yaosu_stored_bytes)", "bytes"),
        _parts("数据集（按主题库） Data sets by theme library",
               "sum by (theme) (max by (theme, form) (yaosu_datasets))", "theme"),
    ),
    "数据资产登记评价中心 Registration and evaluation: rights": (
        _now("登记证书 Certificates", 'sum(max by (profile) (yaosu_certificates{state="CERTIFIED"}))'),
        _now("未决异议 Objections open", "max(yaosu_objections_open)"),
        _now("公示中 In public notice", 'sum(max by (profile) (yaosu_registrations{state="NOTICING"}))'),
        _parts("登记（按阶段） Registrations by stage",
               "sum by (state) (max by (state, profile) (yaosu_registrations))", "state"),
        _parts("评价报告 Reports by kind", "max by (kind) (yaosu_reports)", "kind"),
    ),
    "数据要素流通中心 Circulation: trading and delivery": (
        _now("累计结算额 Settled so far", "max(yaosu_settled_fen) / 100", YUAN),
        _now("在架挂牌 Listings", 'max(yaosu_listings{state="PUBLISHED"})'),
        _now("生效合同 Contracts in force", 'max(yaosu_contracts{state="IN_FORCE"})'),
        Panel("数据使用 Uses of data a second",
              'sum by (route) (rate(yaosu_http_requests_total{service="delivery",method="POST",status=~"2.."}[5m]))',
              "route", "reqps"),
        _now("使用障碍 Not to be used now", "max(yaosu_impediments)"),
        _now("有效同意 Consents given", 'max(yaosu_consents{state="GIVEN"})'),
    ),
    "数据资产运营中心 Asset operation: pledge": (
        _now("贷款余额 Owed", "sum(max by (state) (yaosu_loans_outstanding_fen)) / 100", YUAN),
        _now("入表金额 On balance sheets", "sum(max by (classification) (yaosu_booked_fen)) / 100", YUAN),
        _now("有效质押 Pledges confirmed", 'max(yaosu_pledges{state="CONFIRMED"})'),
        _parts("贷款（按状态） Loans by state", "max by (state) (yaosu_loans)", "state"),
    ),
    "数字化转型服务中心 Digital transformation: onboarding": (
        _now("在线会话 Sessions", "max(yaosu_sessions_live)"),
        _now("停用主体 Suspended parties", 'sum(max by (entity_kind) (yaosu_parties{state="SUSPENDED"}))'),
        _parts("市场主体 Parties by kind",
               'max by (entity_kind) (yaosu_parties{state="APPROVED"})', "entity_kind"),
    ),
    "算力调度运营服务中心、大模型训练基地 Compute and training base: their share of the market's sales": (
        _parts("挂牌（按状态） Listings by state", "max by (state) (yaosu_listings)", "state"),
        _parts("授权使用（按用途） Entitlements by purpose", "max by (purpose) (yaosu_entitlements)", "purpose"),
    ),
    "存证 Evidence": (
        _now("存证条数 Leaves of the log", "max(yaosu_log_leaves)"),
        _now("待存证 Deposits waiting", "max(yaosu_deposits_pending)"),
        _now("最新检查点 Age of the newest checkpoint", "max(yaosu_checkpoint_age_seconds)", "s"),
        Panel("存证速度 Deposits a second", "sum(deriv(yaosu_log_leaves[5m]))", "", "cps"),
    ),
})  # fmt: skip

SERVICES = Board("yaosu-services", "服务 Services", {
    "接口 HTTP": (
        Panel("请求 Requests a second", RATE.format("yaosu_http_requests_total"), "service", "reqps"),
        Panel("5xx 比例 Share of 5xx",
              'sum by (service) (rate(yaosu_http_requests_total{status=~"5.."}[5m]))'
              " / sum by (service) (rate(yaosu_http_requests_total[5m]))", "service", "percentunit"),
        Panel("95% 用时 p95 by service",
              "histogram_quantile(0.95, sum by (service, le) (rate(yaosu_http_request_seconds_bucket[5m])))",
              "service", "s"),
        Panel("最慢的接口 Slowest routes, p95",
              "topk(8, histogram_quantile(0.95, sum by (route, le) (rate(yaosu_http_request_seconds_bucket[5m]))))",
              "route", "s", width=12),
        Panel("拒绝 Refusals a second by name", "topk(8, sum by (reason) (rate(yaosu_refusals_total[5m])))",
              "reason", "cps", width=12),
    ),
    "服务间调用 Calls between services": (
        Panel("调用 Calls a second", RATE.format("yaosu_grpc_calls_total"), "service", "reqps"),
        Panel("失败 Calls that failed", 'sum by (service, method) (rate(yaosu_grpc_calls_total{outcome="failed"}[5m]))',
              "method", "cps"),
    ),
    "工作进程 Workers": (
        Panel("租约 Who works (1) and who waits (0)", "yaosu_lease_held", "instance"),
        Panel("任务失败 Job failures in 10 minutes", "sum by (job) (increase(yaosu_job_failures_total[10m]))", "job"),
        Panel("任务间隔 Since each job last ran", "time() - max by (service, job) (yaosu_job_ran_at)", "job", "s"),
        Panel("未完成步骤 Steps waiting", "sum by (service, kind) (yaosu_steps_waiting)", "kind"),
        Panel("最久的步骤 Oldest step", "max by (service, kind) (yaosu_step_oldest_seconds)", "kind", "s"),
    ),
    "停用与时钟 Suspension and clocks": (
        Panel("停用主体 Barred parties, alike everywhere", "max by (service) (yaosu_barred_parties)", "service"),
        Panel("业务时间偏移 Business time minus machine time", "yaosu_business_time_offset_seconds", "service", "s"),
        _now("未同步的服务 Services that do not know the clock yet", "max(yaosu_clock_pending_services)"),
    ),
    "承诺 Promises": (
        _now("违反 Broken", "sum(max by (service, promise) (yaosu_promise_violations))"),
        _now("最久未核查 Longest since a look",
             "time() - min(max by (service, promise) (yaosu_promise_checked_at))", "s"),
        Panel("违反（按承诺） Broken by promise", "max by (service, promise) (yaosu_promise_violations) > 0",
              "promise"),
    ),
    "证书 TLS": (
        Panel("剩余时间 Until each certificate ends",
              "min by (file) (yaosu_tls_certificate_ends_at) - time()", "file", "s"),
    ),
    "进程 Processes": (
        Panel("内存 Memory", 'process_resident_memory_bytes{job=~"yaosu.*"}', "instance", "bytes"),
        Panel("处理器 CPU", 'rate(process_cpu_seconds_total{job=~"yaosu.*"}[5m])', "instance", "percentunit"),
        Panel("文件句柄 Open files", 'process_open_fds{job=~"yaosu.*"}', "instance"),
    ),
})  # fmt: skip

EVENTS = Board("yaosu-events", "事件 Events", {
    "发出 Out": (
        Panel("待发事件 Unsent", "max by (service) (yaosu_outbox_unsent_events)", "service"),
        Panel("最久未发 Oldest unsent", "max by (service) (yaosu_outbox_oldest_seconds)", "service", "s"),
        Panel("每批事件 Last relayed batch", "max by (service) (yaosu_outbox_batch)", "service"),
    ),
    "收到 In": (
        Panel("已处理 Heard a second", RATE.format("yaosu_events_heard_total"), "service", "cps"),
        Panel("滞后 Lag", "max by (service, topic) (yaosu_bus_lag_events)", "topic"),
    ),
    "搁置 Parked": (
        _now("搁置事件 Parked now", "sum(max by (service, topic) (yaosu_dead_letters_parked))"),
        Panel("按服务 By service and topic", "max by (service, topic) (yaosu_dead_letters_parked)", "topic"),
        Panel("最久搁置 Oldest", "max by (service) (yaosu_dead_letter_oldest_seconds)", "service", "s"),
        Panel("新搁置 Parked in 10 minutes",
              "sum by (service, topic) (increase(yaosu_dead_letters_total[10m]))", "topic"),
    ),
})  # fmt: skip

MONEY = Board("yaosu-money", "资金 Money", {
    "交易 Trade": (
        _now("累计结算额 Settled so far", "max(yaosu_settled_fen) / 100", YUAN, 6),
        _now("在途结算 Settlements under way", 'sum(max by (state) (yaosu_settlements{state!="SETTLED"}))'),
        Panel("日结算额 Settled in a day", "max(yaosu_settled_fen - yaosu_settled_fen offset 1d) / 100", "", YUAN),
        _parts("订单 Orders by state", "max by (state) (yaosu_orders)", "state"),
        _parts("结算单 Statements by state", "max by (state) (yaosu_statements)", "state"),
    ),
    "账本 Ledger": (
        _now("账本差额 Imbalance (must be 0)", "max(yaosu_ledger_imbalance_fen) / 100", YUAN, 6),
        Panel("账户 Accounts", "max by (account) (yaosu_account_fen) / 100", "account", YUAN),
        Panel("冻结 Held for uses under way", "max(yaosu_held_fen) / 100", "", YUAN),
        _now("预存款用尽 Buyers with an empty deposit", "max(yaosu_deposits_exhausted)"),
    ),
    "支付 Payer": (
        Panel("等待支付机构 Waiting for the payer", 'max by (kind) (yaosu_steps_waiting{service="trading"})', "kind"),
        Panel("最久等待 Oldest", 'max by (kind) (yaosu_step_oldest_seconds{service="trading"})', "kind", "s"),
    ),
})  # fmt: skip

COLLATERAL = Board("yaosu-collateral", "质押 Collateral", {
    "贷款 Loans": (
        _now("贷款余额 Owed", "sum(max by (state) (yaosu_loans_outstanding_fen)) / 100", YUAN, 6),
        _now("质押物估值 Value of the collateral", "max(yaosu_collateral_fen) / 100", YUAN, 6),
        _now("总质押率 Debt over value",
             "sum(max by (state) (yaosu_loans_outstanding_fen)) / max(yaosu_collateral_fen)", "percentunit", 6),
        _parts("质押率区间 Loans by band of debt over value", "max by (band) (yaosu_loans_by_ltv)", "band"),
        Panel("余额 Owed by state", "max by (state) (yaosu_loans_outstanding_fen) / 100", "state", YUAN),
        _parts("盯市预警 Warnings open", "max by (cause) (yaosu_watches_open)", "cause"),
    ),
    "权利负担 Encumbrances": (
        _parts("质押 Pledges by state", "max by (state) (yaosu_pledges)", "state"),
        _parts("登记机构 Encumbrances in force",
               'max by (kind) (yaosu_encumbrances{state=~"RESERVED|ACTIVE"})', "kind"),
        Panel("质押步骤 Steps waiting for somebody", 'max by (kind) (yaosu_step_oldest_seconds{service="pledge"})',
              "kind", "s"),
        _now("30 天内到期 Certificates that end within 30 days", "max(yaosu_certificates_near_expiry)", width=6),
    ),
})  # fmt: skip

BOARDS = (MARKET, SERVICES, EVENTS, MONEY, COLLATERAL)
