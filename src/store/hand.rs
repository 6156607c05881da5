//! What does a segment hand out, table by table? Of each no more than is asked for.

use super::error::StoreError;
use super::find::{self, Again, Names};
use super::load::{self, Wants};
use super::proofs::{self, Checked};
use super::read::{Batches, Find, hash_of};
use super::{Store, Table};
use crate::event::{EventKey, Inquiry, Whereabouts};
use crate::evidence::{Evidence, ObjectsOfInterest};
use crate::integrity::Material;
use crate::vocab::Citation;

/// Segments are counted from 0.
impl Store {
    /// Adds a table's rows to evidence: of files, activity (after the files), spans or losses.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn add(
        &self,
        number: usize,
        table: Table,
        wants: &Wants<'_>,
        into: &mut Evidence,
    ) -> Result<(), StoreError> {
        let columns = wants.columns(load::own_columns(table));
        match self.batches(number, table, &columns)? {
            Some(batches) => load::add(table, batches, wants, into),
            None => Ok(()),
        }
    }

    /// Hands out reads.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn reads(
        &self,
        number: usize,
        wants: &Wants<'_>,
        take: &mut dyn FnMut(EventKey, Inquiry, Citation),
    ) -> Result<(), StoreError> {
        let columns = wants.columns(load::own_columns(Table::Reads));
        match self.batches(number, Table::Reads, &columns)? {
            Some(batches) => load::all_reads(batches, wants, take),
            None => Ok(()),
        }
    }

    /// Hands out digests, each with the file of the source that it lies in.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn digests(
        &self,
        number: usize,
        wants: &Wants<'_>,
        take: &mut dyn FnMut(&str, Material),
    ) -> Result<(), StoreError> {
        let batches = self.batches(number, Table::Proofs, &proofs::DIGESTS)?;
        if !batches.map_or(Ok(false), proofs::has_digests)? {
            return Ok(());
        }
        match self.batches(number, Table::Proofs, &[])? {
            Some(batches) => proofs::read(Checked::Digests, batches, wants, take),
            None => Ok(()),
        }
    }

    /// Hands out what files that are no digests can be checked with, each with the file of the source that it lies in.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn proofs(
        &self,
        number: usize,
        wants: &Wants<'_>,
        take: &mut dyn FnMut(&str, Material),
    ) -> Result<(), StoreError> {
        let names = wants.columns([]);
        if !names.is_empty() {
            let batches = self.batches(number, Table::Proofs, &names)?;
            if !batches.map_or(Ok(false), |batches| proofs::has_wanted(batches, wants))? {
                return Ok(());
            }
        }
        match self.batches(number, Table::Proofs, &[])? {
            Some(batches) => proofs::read(Checked::Others, batches, wants, take),
            None => Ok(()),
        }
    }

    /// Hands out the records of changes.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn changes(
        &self,
        number: usize,
        wants: &Wants<'_>,
        take: &mut dyn FnMut(Again<'_>),
    ) -> Result<(), StoreError> {
        let columns = wants.columns(find::RECORD);
        match self.batches(number, Table::Changes, &columns)? {
            Some(batches) => find::records(batches, wants, None, take),
            None => Ok(()),
        }
    }

    /// Hands out the records that wrote these objects.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn writes(
        &self,
        number: usize,
        wants: &Wants<'_>,
        objects: &ObjectsOfInterest,
        take: &mut dyn FnMut(Again<'_>),
    ) -> Result<(), StoreError> {
        if objects.is_empty() {
            return Ok(());
        }
        let pairs = objects.iter().flat_map(|(bucket, keys)| {
            keys.iter()
                .map(|key| hash_of(&[bucket.as_str(), key.reveal()]))
        });
        let find = Names::of_hashes(pairs).among(&["find_by_object"]);
        let columns = wants.columns(find::WRITE);
        match self.found(number, Table::Writes, &columns, &find)? {
            Some(batches) => find::records(batches, wants, Some(objects), take),
            None => Ok(()),
        }
    }

    /// Hands out packed requests, or all packed sessions.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn packed(
        &self,
        number: usize,
        table: Table,
        wants: &Wants<'_>,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), StoreError> {
        match self.batches(number, table, &wants.columns(find::PACKED))? {
            Some(batches) => find::packed(batches, wants, take),
            None => Ok(()),
        }
    }

    /// Hands out packed sessions: all that may have one of these names as access key, ARN or shared id, and perhaps others.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn sessions(
        &self,
        number: usize,
        wants: &Wants<'_>,
        names: &Names,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), StoreError> {
        let find = names.among(&["find_by_key", "find_by_session", "find_by_shared"]);
        let columns = wants.columns(find::PACKED);
        match self.found(number, Table::Sessions, &columns, &find)? {
            Some(batches) => find::packed(batches, wants, take),
            None => Ok(()),
        }
    }

    /// Tells the events that issued sessions apart: a number for each.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn session_events(
        &self,
        number: usize,
        wants: &Wants<'_>,
        into: &mut Vec<u128>,
    ) -> Result<(), StoreError> {
        let columns = wants.columns(find::EVENT);
        match self.batches(number, Table::Sessions, &columns)? {
            Some(batches) => find::event_hashes(batches, wants, into),
            None => Ok(()),
        }
    }

    /// Hands out from where callers called: all that have one of these names, and perhaps others.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn addresses(
        &self,
        number: usize,
        wants: &Wants<'_>,
        names: &Names,
        take: &mut dyn FnMut(Whereabouts),
    ) -> Result<(), StoreError> {
        let find = names.among(&["find_by_caller"]);
        let columns = wants.columns(find::ADDRESS);
        match self.found(number, Table::Addresses, &columns, &find)? {
            Some(batches) => find::addresses(batches, wants, take),
            None => Ok(()),
        }
    }

    /// The batches of those rows of a table that may be what is looked for.
    fn found(
        &self,
        number: usize,
        table: Table,
        columns: &[&'static str],
        find: &Find,
    ) -> Result<Option<Batches>, StoreError> {
        let path = self.path(number, table);
        path.map(|path| Batches::open_where(&path, columns, Some(find)))
            .transpose()
    }
}
