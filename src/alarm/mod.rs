//! What would CloudWatch and SNS have said, and when?
//!
//! Matches become a metric ([`Metric`]), the metric is evaluated minute by minute into states ([`replay`]), changes of state
//! into notifications, and notifications and findings into incidents that are escalated or not ([`escalate`]). All of it is a
//! simulation: CloudWatch does not say how far back an alarm looks, nor when exactly within a minute.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html>

mod escalation;
mod metric;
mod notification;
mod replay;
mod settings;
mod state;
mod window;

pub use escalation::{Closing, Escalation, Finding, Told, escalate};
pub use metric::{Datum, Metric};
pub use notification::{Alarm, notification, reason};
pub use replay::{Fate, Replay, Transition, replay};
pub use settings::{AlarmSettings, Comparison, MetricTime, SettingsError, Statistic};
pub use state::{Missing, Point, State, decide};
