//! `leaktrail alarms`: what would a CloudWatch alarm on these filters have done?

use crate::alarm_cli::{Alarm, Alarms, LogGroup};
use crate::exit::{Exit, Misuse};
use crate::progress::Bar;
use crate::{patterns, scan, verify};
use leaktrail::alarm::AlarmSettings;
use leaktrail::pipeline::{self, LogGroups, Watch};
use leaktrail::report;
use std::io::Write;

pub fn run(asked: &Alarms) -> anyhow::Result<Exit> {
    let meant = patterns::read(&asked.patterns)?;
    if !asked.running.quiet {
        patterns::warn(&meant);
    }
    let watch = Watch {
        filters: &meant.filters,
        settings: settings(&asked.alarm)?,
        default_value: default_value(&asked.alarm)?,
        log_groups: match asked.alarm.log_group {
            LogGroup::Account => LogGroups::Account,
            LogGroup::Archive => LogGroups::Archive,
        },
        region: asked.alarm.alarm_region.clone(),
        escalate_after: asked.alarm.escalate_after,
    };
    let folder = scan::open(&asked.output)?;
    let bar = Bar::new(asked.running.quiet);
    let options = scan::read_options(&asked.rows, &asked.files, &asked.running);
    let options = verify::checked(scan::judged(options, &asked.judging), &asked.checking)?;
    let source = asked.running.sources(&asked.sources, &options.choice)?;
    let told = pipeline::alarms(&source, &options, &watch, &bar);
    bar.finish();
    let told = told?;
    if let Some(folder) = folder {
        let (formats, invocation) = (
            scan::formats(&asked.output.format),
            scan::invocation(&asked.sources, asked.checking.custody()),
        );
        report::write_alarms(
            &told.analysis,
            &told.histories,
            &formats,
            &invocation,
            folder,
        )?;
    }
    if asked.output.folder.is_none() || !asked.running.quiet {
        let mut out = std::io::BufWriter::new(std::io::stdout().lock());
        report::write_alarms_text(&told.analysis, &told.histories, &mut out)?;
        out.flush()?;
    }
    scan::warn(&told.analysis);
    scan::name_losses(asked.running.verbose, &told.analysis.losses);
    Ok(scan::exit(&told.analysis).or(meant.exit))
}

fn default_value(asked: &Alarm) -> anyhow::Result<Option<f64>> {
    match asked.default_value {
        Some(value) if !value.is_finite() => {
            Err(Misuse("the default value is no finite number".to_owned()).into())
        }
        value => Ok(value),
    }
}

fn settings(asked: &Alarm) -> anyhow::Result<AlarmSettings> {
    let settings = AlarmSettings {
        // A period that is no whole number of minutes becomes one that is refused.
        period: match asked.period % 60 {
            0 => asked.period / 60,
            _ => 0,
        },
        evaluation_periods: asked.evaluation_periods,
        datapoints_to_alarm: asked
            .datapoints_to_alarm
            .unwrap_or(asked.evaluation_periods),
        evaluation_range: asked.evaluation_range,
        statistic: asked.statistic,
        comparison: asked.comparison,
        threshold: asked.threshold,
        missing: asked.treat_missing_data,
        metric_time: asked.metric_time,
        delay: asked.delay,
    };
    settings
        .check()
        .map_err(|error| Misuse(error.to_string()))?;
    Ok(settings)
}
